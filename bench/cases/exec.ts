// Commands over HTTP: how soon the first line comes, held against the same command started straight from Node, and how fast much output
// does, held against its bare output piped into an answer. Rule: neither of these knows a user, a bound, a queue or JSON.
import { join } from 'node:path';
import type { Work } from '../harness/measure.ts';
import { rssKiBOf } from '../harness/process-tree.ts';
import { runProcess } from '../harness/processes.ts';
import { plain, type Case, type Sample, type Target } from './case.ts';

const BULK_RUNS = 5;

async function run(target: Target, program: string, args: readonly string[]): Promise<Work> {
  const file = join(import.meta.dirname, `../load/${program}.ts`);
  const told = await runProcess([process.execPath, file, String(target.port), ...args], target.loadCpus, 120_000);
  const work = JSON.parse(told) as Work;
  if (work.units === 0) throw new Error('not one command ended well');
  return work;
}

function sampleOf(target: Target, { p50Ms = Number.NaN, p99Ms, units, seconds, errors }: Work): Sample {
  const rest = { perSecond: units / seconds, rssMiB: rssKiBOf(target.pid) / 1024, errors };
  return { cost: p50Ms, p50Ms, ...(p99Ms !== undefined && { p99Ms }), ...rest };
}

const firstLines = (target: Target, seconds: number): Promise<Work> =>
  run(target, 'exec-first-line', [String(seconds)]);
const bulk = (target: Target, runs: number): Promise<Work> => run(target, 'exec-bulk', [String(runs), target.dir]);

export const execFirstLine: Case = {
  name: 'exec-first-line',
  title: 'The first line of `echo`',
  cost: 'ms to the first line',
  door: 'exec',
  baseline: 'node-direct',
  contestants: plain('sluice', 'node-direct'),
  unpinned: true,
  verify: async (target) => void (await firstLines(target, 0.1)),
  warm: async (target, seconds) => void (await firstLines(target, Math.min(seconds, 2))),
  sample: async (target, seconds) => sampleOf(target, await firstLines(target, seconds)),
};

export const execBulk: Case = {
  name: 'exec-bulk',
  title: '100 MB of output of `cat`',
  remark: 'Per second: MB.',
  cost: 'ms for 100 MB',
  door: 'exec',
  baseline: 'node-direct',
  contestants: plain('sluice', 'node-direct'),
  unpinned: true,
  verify: async (target) => void (await bulk(target, 1)),
  warm: async (target) => void (await bulk(target, 1)),
  sample: async (target) => sampleOf(target, await bulk(target, BULK_RUNS)),
};
