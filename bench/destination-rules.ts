// What it costs to decide where a request of the forward proxy may go, with few rules and with many, for hosts that were
// asked for before and for new ones. Run: node bench/destination-rules.ts
// Rule: CPU time, not time on the clock; hosts take turns, so that no branch is always taken.
import { DestinationRules, type RuleOptions } from '../src/services/rules/destination-rules.ts';
import { OwnDoors } from '../src/services/rules/own-doors.ts';

const ROUNDS = 400_000;

function rulesFor(count: number): RuleOptions[] {
  return Array.from({ length: count }, (_, index): RuleOptions => ({
    match: { host: [`h${index}.example`, `*.w${index}.example`], port: [], user: [] },
    action: 'allow',
    via: null,
    tags: {},
  }));
}

function program(count: number): DestinationRules {
  return new DestinationRules({
    rules: rulesFor(count),
    chain: ['exits'],
    noProxy: ['localhost', '.corp.example', '10.0.0.0/8'],
    allowPrivate: true,
    connectPorts: [],
    doors: new OwnDoors([{ host: '127.0.0.1', port: 8888 }]),
  });
}

const KINDS: Readonly<Record<string, (index: number) => string>> = {
  'exact host': (index) => `h${index % 100}.example`,
  'wildcard host': (index) => `www.w${index % 100}.example`,
  'other host': (index) => `www.site-${index % 100}.com`,
  address: (index) => `10.0.0.${index % 100}`,
  'new host': (index) => `www.site-${index}.com`,
};

for (const count of [0, 10, 5000]) {
  for (const [kind, hostOf] of Object.entries(KINDS)) {
    const rules = program(count);
    const hosts = Array.from({ length: kind === 'new host' ? ROUNDS : 100 }, (_, index) => hostOf(index));
    const decide = (index: number): void => {
      rules.decide({ host: hosts[index % hosts.length] ?? '', port: 443, user: null, isTunnel: true });
    };
    for (let index = 0; index < ROUNDS / 4; index += 1) decide(index);
    const before = process.cpuUsage();
    for (let index = 0; index < ROUNDS; index += 1) decide(index);
    const { user, system } = process.cpuUsage(before);
    const nanoseconds = Math.round(((user + system) * 1000) / ROUNDS);
    process.stdout.write(
      `${String(count).padStart(5)} rules  ${kind.padEnd(14)} ${String(nanoseconds).padStart(6)} ns\n`,
    );
  }
}
