// A gateway at work: a steady rate of mixed requests over many open connections, with every policy on. Does it hold the rate, and
// how long do answers take? Rule: latencies count from the time at which a request was due.
import { join } from 'node:path';
import type { Work } from '../harness/measure.ts';
import { runProcess } from '../harness/processes.ts';
import { rssKiBOf } from '../harness/process-tree.ts';
import { plain, type Case, type Contestant, type Sample, type Target } from './case.ts';

const client = join(import.meta.dirname, '../load/constant-rate.ts');
const CONNECTIONS = 1_000;
const PER_SECOND = 1_000;
/** Shorter samples would be all start. */
const LEAST_SECONDS = 10;

interface Held extends Work {
  readonly p95Ms: number;
  readonly firstError: string;
}

async function load({ port, loadCpus }: Target, connections: number, seconds: number): Promise<Held> {
  const args = [port, connections, PER_SECOND, seconds].map(String);
  return JSON.parse(await runProcess([process.execPath, client, ...args], loadCpus, (seconds + 30) * 1000)) as Held;
}

async function verify(target: Target): Promise<void> {
  const { errors, firstError } = await load(target, 10, 1);
  if (errors > 0) throw new Error(`it answered ${JSON.stringify(firstError)}`);
}

async function sample(target: Target, seconds: number): Promise<Sample> {
  const held = await load(target, CONNECTIONS, Math.max(LEAST_SECONDS, seconds));
  return {
    cost: held.p95Ms,
    perSecond: held.units / held.seconds,
    ...(held.p50Ms !== undefined && { p50Ms: held.p50Ms }),
    ...(held.p99Ms !== undefined && { p99Ms: held.p99Ms }),
    rssMiB: rssKiBOf(target.pid) / 1024,
    errors: held.errors,
  };
}

const everyPolicy: Contestant[] = plain('sluice').map((each) => ({
  ...each,
  label: 'sluice, every policy on',
  policies: 'every',
}));

export const gatewayLoad: Case = {
  name: 'gateway-load',
  title: '1,000 requests per second over 1,000 connections',
  remark:
    'Pages, files that are compressed and uploads, sent at a steady rate by a client of our own. Latencies count from the time at which a request was due. Every policy: access list, bounds, limit of the rate, filter of a million names, pages of other origins, users, timeouts, compression, a scan of all bodies by clamd, a mirror of every tenth request, changes of the header both ways, retries. clamd works beside load and backend, on their core.',
  cost: 'p95 ms',
  door: 'http',
  baseline: 'sluice',
  contestants: [...plain('sluice', 'nginx'), ...everyPolicy],
  verify,
  warm: async (target) => void (await load(target, CONNECTIONS, 2)),
  sample,
};
