// The gateway to providers of AI: what a request costs, how soon a stream begins, and how many streams go at once. Rule: every
// contestant sends on the same request; Sluice knows its user, puts in a key and counts what was used as well.
import { join } from 'node:path';
import { ask, measureCpu, type Work } from '../harness/measure.ts';
import { rssKiBOf } from '../harness/process-tree.ts';
import { runProcess } from '../harness/processes.ts';
import { runWrk, type Load } from '../harness/wrk.ts';
import { aiBody as bodyOf, aiFields, AI_PATH, aiRequest } from '../load/ai-request.ts';
import { plain, type Case, type Sample, type Target } from './case.ts';

const CONNECTIONS = 32;
const STREAMS = 1_000;
const EVENTS_PER_SECOND = 50;
const FIRST_BYTES = 2_000;

interface Told extends Work {
  readonly firstError: string;
}

function backendOf({ backendPort }: Target): string {
  return `http://127.0.0.1:${backendPort}/v1`;
}

async function run(target: Target, program: string, args: readonly number[], limitMs: number): Promise<Told> {
  const file = join(import.meta.dirname, `../load/${program}.ts`);
  const where = [String(target.port), target.aiPrefix, backendOf(target)];
  const told = await runProcess([process.execPath, file, ...where, ...args.map(String)], target.loadCpus, limitMs);
  return JSON.parse(told) as Told;
}

async function verify(target: Target): Promise<void> {
  const request = aiRequest('small', { prefix: target.aiPrefix, backend: backendOf(target), isLast: true });
  const answer = await ask(target.port, false, request);
  if (!/^HTTP\/1\.1 200 [^]*"output_tokens":8/.test(answer)) {
    throw new Error(`it answered ${JSON.stringify(answer.slice(0, 300))}`);
  }
}

function requests(name: string, title: string, bytes: number): Case {
  const load = (target: Target, seconds: number): Promise<Load> =>
    runWrk(
      {
        url: `http://127.0.0.1:${target.port}${target.aiPrefix}${AI_PATH}`,
        headers: aiFields(backendOf(target)),
        body: bodyOf('small', bytes),
      },
      { dir: target.dir, cpus: target.loadCpus, connections: CONNECTIONS, seconds },
    );
  return {
    name,
    title,
    cost: 'CPU µs per request',
    door: 'ai',
    baseline: 'node-pipe',
    contestants: plain('sluice', 'node-pipe', 'portkey'),
    verify,
    warm: async (target, seconds) => void (await load(target, seconds)),
    sample: (target, seconds) =>
      measureCpu(target, async () => {
        const done = await load(target, seconds);
        return { ...done, units: done.requests };
      }),
  };
}

export const aiSmall: Case = requests('ai-small', 'A small request to a provider of AI', 100);
export const aiBody: Case = requests('ai-body', 'A request of 115 KB to a provider of AI', 115_000);

async function firstBytes(target: Target): Promise<Sample> {
  const {
    p50Ms = Number.NaN,
    p99Ms = Number.NaN,
    units,
    seconds,
    errors,
  } = await run(target, 'ai-first-byte', [FIRST_BYTES], 60_000);
  return { cost: p50Ms, p50Ms, p99Ms, perSecond: units / seconds, rssMiB: rssKiBOf(target.pid) / 1024, errors };
}

export const aiFirstByte: Case = {
  name: 'ai-first-byte',
  title: 'The first event of a stream, from the provider to the client',
  remark:
    'One request at a time, with a body of 115 KB. The time from when the provider sends it to when the client has it.',
  cost: 'ms, median',
  door: 'ai',
  baseline: 'node-pipe',
  contestants: plain('sluice', 'node-pipe'),
  verify,
  warm: async (target) => void (await firstBytes(target)),
  sample: firstBytes,
};

async function streams(target: Target, seconds: number): Promise<Work> {
  const told = await run(target, 'ai-streams', [STREAMS, EVENTS_PER_SECOND, seconds], (seconds + 60) * 1000);
  if (told.errors > 0) throw new Error(told.firstError);
  return told;
}

export const aiStreams: Case = {
  name: 'ai-streams',
  title: `${STREAMS.toLocaleString('en')} streams of ${EVENTS_PER_SECOND} events per second at once`,
  remark: 'Per second: events. Latency is that of an event, from the provider to the client.',
  cost: 'CPU µs per event',
  door: 'ai',
  baseline: 'node-pipe',
  contestants: plain('sluice', 'node-pipe'),
  verify,
  warm: async (target) => void (await streams(target, 2)),
  sample: (target, seconds) => measureCpu(target, () => streams(target, Math.max(5, seconds))),
};
