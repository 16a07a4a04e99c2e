// What a cache costs a request in the engine alone, without its system calls. Run: node bench/cache-phases.ts [name…]
// Rule: each measurement has a process of its own, for what the compiler has learned of one would change the next.
import { execFileSync } from 'node:child_process';
import { answerOf, CostlessProxy } from '../test/support/costless-proxy.ts';
import type { Policy } from '../src/contract/policy.ts';
import { cache } from '../src/policies/cache/cache.ts';
import { CacheStore } from '../src/services/cache/store/cache-store.ts';
import { proveRawIo } from '../src/transport/raw-io.ts';

const REQUESTS = 20_000;
const ROUNDS = 8;
/** Requests between two turns of the loop. */
const AT_ONCE = 16;
const MEMORY_BYTES = 64_000_000;
const HOUR_MS = 3_600_000;

interface Setting {
  readonly caches: boolean;
  /** Every request asks for what is kept; else each has a URL of its own. */
  readonly hits?: boolean;
  readonly answer: Buffer;
}

const settings: Readonly<Record<string, Setting>> = {
  'no cache': { caches: false, answer: answerOf() },
  miss: { caches: true, answer: answerOf() },
  'no-store': { caches: true, answer: answerOf(['Cache-Control: no-store']) },
  hit: { caches: true, hits: true, answer: answerOf() },
  'hit of 100 KiB': { caches: true, hits: true, answer: answerOf([], 'x'.repeat(102_400)) },
};

function cachePolicy(): Policy {
  return cache({
    store: new CacheStore({ maxBytes: MEMORY_BYTES }),
    tier: null,
    copier: null,
    rules: {
      defaultTtlMs: HOUR_MS,
      statusTtlMs: new Map(),
      heuristic: null,
      staleWhileAskingMs: 0,
      staleOnErrorMs: 0,
      setCookie: 'keep',
    },
    key: { ignoredQuery: [], sortsQuery: false, fields: [], cookies: [] },
    bypassHeaders: [],
    bypassCookies: [],
    maxObjectBytes: Number.MAX_SAFE_INTEGER,
    statusName: 'sluice',
    isForwardProxy: false,
    askTimeoutMs: 1000,
    count: () => {},
  });
}

/** Lets go what waits for the end of a turn: many turns in one would be another program. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function run(proxy: CostlessProxy, { hits, answer }: Setting): Promise<void> {
  for (let done = 0; done < REQUESTS; done += AT_ONCE) {
    if (hits === true) proxy.runAlone(AT_ONCE);
    else proxy.runEachNew(AT_ONCE, answer);
    await turn();
  }
}

/** Best of several rounds, in nanoseconds of CPU time for one request. */
async function measure(setting: Setting): Promise<number> {
  const proxy = new CostlessProxy([], setting.caches ? [cachePolicy()] : []);
  if (setting.hits === true) proxy.fetch(setting.answer);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.cpuUsage();
    await run(proxy, setting);
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
