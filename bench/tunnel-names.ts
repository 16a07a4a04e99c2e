// What it costs that nodes share the names of tunnels by Redis: to claim a name, and to keep it, for the node and for Redis. The names are those of one
// node; each stands for a client that is connected.
//   node bench/tunnel-names.ts [NAMES]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SharedDirectory } from '../src/services/tunnels/shared-directory.ts';
import { RedisConnection } from '../src/state/redis-connection.ts';
import { RedisState } from '../src/state/redis-state.ts';
import { cpuMicrosOf } from './harness/process-tree.ts';
import { findFreePorts, startProcess, untilListening } from './harness/processes.ts';

const NAMES = Number(process.argv[2] ?? 50_000);
const RENEWALS = 8;
/** Claims that are under way at once, as when clients come back after a restart. */
const AT_ONCE = 200;
/** Nothing is renewed by itself meanwhile. */
const LEASE_MS = 3_600_000;

const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const [port = 0] = await findFreePorts(1);
const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir];
const redis = startProcess(['redis-server', ...settings], { name: 'redis', dir, cpus: null });
await untilListening(redis, port);

const url = `redis://127.0.0.1:${port}/0`;
const state = new RedisState({ connection: new RedisConnection({ url, timeoutMs: 60_000 }), url });
const directory = new SharedDirectory({
  state,
  node: 'node-a',
  address: () => '10.0.0.5:7946',
  leaseMs: LEASE_MS,
  events: { lost: () => {}, refused: () => {} },
});
const names = Array.from({ length: NAMES }, (_, index) => `tunnel-${index}`);

interface Cost {
  readonly redisMicros: number;
  readonly nodeMicros: number;
  readonly wallMs: number;
}

async function costOf(work: () => Promise<void>): Promise<Cost> {
  const before = { redis: cpuMicrosOf(redis.pid), node: process.cpuUsage(), at: performance.now() };
  await work();
  const { user, system } = process.cpuUsage(before.node);
  const redisMicros = cpuMicrosOf(redis.pid) - before.redis;
  return { redisMicros, nodeMicros: user + system, wallMs: performance.now() - before.at };
}

function tell(what: string, { redisMicros, nodeMicros, wallMs }: Cost, times: number): void {
  const each = (micros: number): string => (micros / times).toFixed(2);
  console.log(
    `${what}: ${each(nodeMicros)} µs of the node, ${each(redisMicros)} µs of Redis, ${Math.round(wallMs)} ms`,
  );
}

async function claimAll(): Promise<void> {
  let next = 0;
  const claimOn = async (): Promise<void> => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) {
      const { kind } = await directory.claim(name, 'alice');
      if (kind !== 'mine') throw new Error(`${name}: ${kind}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, claimOn));
}

async function renewAll(): Promise<void> {
  for (let turn = 0; turn < RENEWALS; turn += 1) await directory.renew();
}

try {
  tell(`claimed ${NAMES} names, each`, await costOf(claimAll), NAMES);
  tell('renewed, each', await costOf(renewAll), NAMES * RENEWALS);
} finally {
  directory.close();
  state.close();
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
}
