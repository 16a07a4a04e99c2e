// What accounts of the tunnel server cost where nodes share them: how long it takes until a node that had them has told the others, until one that has none
// knows them, how long it is kept from other work meanwhile, and how long a look-up and a change take then.
//   node bench/tunnel-accounts-nodes.ts [ACCOUNTS]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { RedisConnection } from '../src/state/redis-connection.ts';
import { RedisState } from '../src/state/redis-state.ts';
import { SharedRows } from '../src/state/shared-rows.ts';
import { TunnelAccountFile, type TunnelAccountRow } from '../src/state/tunnel-accounts.ts';
import { SharedTunnelBook } from '../src/state/tunnel-book.ts';
import { startRedis } from './peers/redis.ts';

const ACCOUNTS = Number(process.argv[2] ?? 1_000_000);
const LOOKUPS = 5_000;
const CHANGES = 500;
const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const { url, stop } = await startRedis(folder, null);

function account(index: number): TunnelAccountRow {
  const id = index.toString(16).padStart(16, '0');
  const tokenSha256 = id.repeat(4);
  return {
    id,
    email: `user-${index}@example.com`,
    createdAtMs: 1,
    tokenId: id,
    tokenSha256,
    lastUsedAtMs: null,
    expiresAtMs: null,
  };
}

interface Node {
  readonly file: TunnelAccountFile;
  readonly book: SharedTunnelBook;
  readonly ready: Promise<void>;
  readonly path: string;
  close(): void;
}

function node(name: string, had: number): Node {
  const path = join(folder, `${name}.db`);
  const file = new TunnelAccountFile(path);
  file.whole(() => {
    for (let index = 0; index < had; index += 1) file.put(account(index));
  });
  const state = new RedisState({ connection: new RedisConnection({ url }), url });
  const ready = Promise.withResolvers<void>();
  const open = (options: Omit<ConstructorParameters<typeof SharedRows>[0], 'state'>): SharedRows => {
    const rows = new SharedRows({ ...options, state });
    void rows.ready(3_600_000).then(ready.resolve);
    return rows;
  };
  const book = new SharedTunnelBook({ file, open, onChange: () => {}, onProblem: console.error });
  const close = (): void => {
    book.close();
    state.close();
    file.close();
  };
  return { file, book, ready: ready.promise, path, close };
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const began = performance.now();
  const before = process.cpuUsage();
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1e6;
  delay.disable();
  console.log(
    `${what}: ${seconds.toFixed(1)} s (${cpu.toFixed(1)} s of CPU), other work waits ${(delay.percentile(99) / 1e6).toFixed(0)} ms (p99), ${(delay.max / 1e6).toFixed(0)} ms at most`,
  );
}

async function percentiles(what: string, count: number, work: (index: number) => unknown): Promise<void> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    await work(index);
    times.push(performance.now() - began);
  }
  times.sort((one, other) => one - other);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(3);
  console.log(`${what}: ${at(0.5)} ms, p99 ${at(0.99)} ms`);
}

try {
  let one!: Node;
  await timed(`a node with ${ACCOUNTS} accounts of its own begins to share`, async () => {
    one = node('one', ACCOUNTS);
    await one.ready;
  });
  let other!: Node;
  await timed('a node that has none knows all', async () => {
    other = node('other', 0);
    await other.ready;
  });
  const probe = new RedisConnection({ url });
  const [, bytes = 0] = /used_memory:(\d+)/.exec(String(await probe.send(['INFO', 'memory']))) ?? [];
  probe.close();
  await one.book.catchUp();
  console.log(
    `${(Number(bytes) / ACCOUNTS).toFixed(0)} bytes of Redis and ${(statSync(other.path).size / ACCOUNTS).toFixed(0)} of a node for each; process ${(process.memoryUsage.rss() / MIB).toFixed(0)} MiB`,
  );
  const step = Math.floor(ACCOUNTS / LOOKUPS);
  await percentiles('a token that is known is found', LOOKUPS, (index) =>
    other.file.findByTokenId(account(index * step).tokenId),
  );
  await percentiles('a token that nobody has is asked for', CHANGES, () => other.book.catchUp());
  await percentiles('an account is registered', CHANGES, (index) => {
    const row = account(ACCOUNTS + index);
    return one.book.change('account', row.id, () => row);
  });
  await percentiles('an account registered at one node is known at another', CHANGES, async (index) => {
    const row = account(2 * ACCOUNTS + index);
    await one.book.change('account', row.id, () => row);
    while (other.file.findByTokenId(row.tokenId) === null) await new Promise(setImmediate);
  });
  one.close();
  other.close();
} finally {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}
