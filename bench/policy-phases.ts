// What policies cost a request in the engine alone, without its system calls. Run: node bench/policy-phases.ts [name…]
// Rule: each measurement has a process of its own, for what the compiler has learned of one would change the next.
import { execFileSync } from 'node:child_process';
import { configOf } from '../test/support/gateway.ts';
import { BROWSER_LINES, CostlessProxy } from '../test/support/costless-proxy.ts';
import { listsOf } from '../src/runtime/assemble/assemble-filter.ts';
import { ConfiguredPolicies } from '../src/runtime/assemble/assemble-policies.ts';
import { dryParts } from '../src/runtime/explain/dry-parts.ts';
import { DomainLists } from '../src/services/domains/domain-lists.ts';
import { DomainShelf } from '../src/services/domains/domain-shelf.ts';
import { proveRawIo } from '../src/transport/raw-io.ts';
import { policiesOf, type PolicySet } from './peers/sluice-policies.ts';

const REQUESTS = 100_000;
const ROUNDS = 8;

interface Setting {
  readonly set: PolicySet;
  /** Which of its policies; all without this. */
  readonly only?: readonly string[];
}

const settings: Readonly<Record<string, Setting>> = {
  none: { set: 'guard', only: [] },
  acl: { set: 'guard', only: ['acl'] },
  rate_limit: { set: 'guard', only: ['rate_limit'] },
  headers: { set: 'guard', only: ['headers'] },
  filter: { set: 'guard', only: ['filter'] },
  compress: { set: 'every', only: ['compress'] },
  all: { set: 'guard' },
  'none, proxied': { set: 'proxied', only: [] },
  'all, proxied': { set: 'proxied' },
};

/** Best of several rounds, in nanoseconds of CPU time for one request. */
async function measure({ set, only }: Setting): Promise<number> {
  const policies = Object.entries(policiesOf(set)).filter(([name]) => only === undefined || only.includes(name));
  const config = configOf({ policies: Object.fromEntries(policies), gateway: { default_backend: 'http://a' } });
  const lines = set === 'proxied' ? [...BROWSER_LINES, 'X-Forwarded-For: 192.0.2.17'] : BROWSER_LINES;
  const lists = new DomainShelf();
  lists.put(await new DomainLists().read(listsOf(config)));
  const configured = new ConfiguredPolicies(config, dryParts({ config, lists }, null));
  const proxy = new CostlessProxy(lines, configured.ofGateway(), '127.0.0.1');
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.cpuUsage();
    proxy.run(REQUESTS);
    const { user, system } = process.cpuUsage(begin);
    best = Math.min(best, ((user + system) * 1000) / REQUESTS);
  }
  return best;
}

const [asked, mark] = process.argv.slice(2);
if (mark === 'here' && asked !== undefined) {
  await proveRawIo();
  console.log(await measure(settings[asked] ?? fail(asked)));
  process.exit(0);
}
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(settings);
for (const name of names) {
  const output = execFileSync(process.execPath, [import.meta.filename, name, 'here'], { encoding: 'utf8' });
  console.log(`${name.padEnd(20)} ${Number(output).toFixed(0).padStart(6)} ns`);
}

function fail(name: string): never {
  throw new Error(`there is no setting "${name}"`);
}
