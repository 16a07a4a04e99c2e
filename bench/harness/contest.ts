// One case, all its contestants: started side by side, measured in turn, round after round (A B C A B C …).
// Rule: whatever disturbs the machine for a while then falls on all of them, and medians drop it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFiles } from '../../test/support/pki.ts';
import type { Case, Contestant, Sample, Target } from '../cases/case.ts';
import type { Peer, RunningPeer } from '../peers/peer.ts';
import type { CaseResult, Row } from './results.ts';
import { median } from './statistics.ts';

export interface ContestSettings {
  readonly dir: string;
  readonly backendPort: number;
  readonly certificate: CertificateFiles;
  readonly proxyCpus: string | null;
  readonly loadCpus: string | null;
  readonly seconds: number;
  readonly rounds: number;
  /** Only what is installed. */
  readonly peers: ReadonlyMap<string, Peer>;
  report(progress: string): void;
}

interface Runner {
  readonly contestant: Contestant;
  readonly samples: Sample[];
  running?: RunningPeer;
  target?: Target;
  note?: string;
}

let starts = 0;

async function startRunner(runner: Runner, subject: Case, settings: ContestSettings): Promise<void> {
  const { contestant } = runner;
  const peer = settings.peers.get(contestant.peer);
  if (peer === undefined) throw new Error('not installed');
  const dir = join(settings.dir, `${contestant.peer}-${++starts}`);
  mkdirSync(dir);
  const { backendPort, certificate } = settings;
  const { workers, accessLog, policies, compression, caches, cacheMemory } = contestant;
  const cpus = subject.unpinned === true ? null : settings.proxyCpus;
  runner.running = await peer.start({
    door: subject.door,
    dir,
    backendPort,
    certificate,
    workers,
    accessLog,
    ...(policies && { policies }),
    ...(compression && { compression }),
    ...(caches === true && { caches }),
    ...(cacheMemory !== undefined && { cacheMemory }),
    cpus,
    loadCpus: subject.unpinned === true ? null : settings.loadCpus,
  });
  runner.target = {
    door: subject.door,
    port: runner.running.port,
    aiPrefix: runner.running.aiPrefix ?? '',
    backendPort,
    pid: runner.running.pid,
    workers,
    dir,
    loadCpus: subject.unpinned === true ? null : settings.loadCpus,
  };
  await subject.verify(runner.target);
  // Compilers in the peers need some requests before they are at their best; as many as a round has will do.
  await subject.warm(runner.target, settings.seconds);
}

async function stopRunner(runner: Runner): Promise<void> {
  const { running } = runner;
  delete runner.running;
  await running?.stop();
}

/** A contestant that fails is out, with a note; the others go on. */
async function attempt(
  runner: Runner,
  subject: Case,
  settings: ContestSettings,
  step: () => Promise<void>,
): Promise<void> {
  if (runner.note !== undefined) return;
  try {
    await step();
  } catch (error) {
    const died = runner.running?.hasExited() === true ? 'it died: ' : '';
    const reason = error instanceof Error ? error.message : String(error);
    runner.note = `${died}${reason.replaceAll(/\s+/g, ' ').slice(0, 300)}`;
    settings.report(`${subject.name}: without ${runner.contestant.label}, ${runner.note}`);
    await stopRunner(runner);
  }
}

async function sampleOnce(runner: Runner, subject: Case, settings: ContestSettings): Promise<void> {
  if (runner.running === undefined) await startRunner(runner, subject, settings);
  if (runner.target === undefined) return;
  runner.samples.push(await subject.sample(runner.target, settings.seconds));
  if (subject.fresh === true) await stopRunner(runner);
}

function medianOf(samples: readonly Sample[], field: keyof Sample): number | undefined {
  const values = samples.map((sample) => sample[field]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

export function summarize(samples: readonly Sample[]): Sample {
  const optional: { -readonly [field in keyof Sample]?: number } = {};
  for (const field of ['perSecond', 'p50Ms', 'p99Ms', 'leastShare'] as const) {
    const value = medianOf(samples, field);
    if (value !== undefined) optional[field] = value;
  }
  return {
    ...optional,
    cost: medianOf(samples, 'cost') ?? Number.NaN,
    rssMiB: medianOf(samples, 'rssMiB') ?? Number.NaN,
    // Not one is to be lost among the medians.
    errors: samples.reduce((sum, sample) => sum + sample.errors, 0),
  };
}

function rowOf({ contestant: { label, peer }, samples, note }: Runner): Row {
  if (note !== undefined) return { label, peer, samples, note };
  return { label, peer, samples, result: summarize(samples) };
}

export async function runContest(
  subject: Case,
  contestants: readonly Contestant[],
  settings: ContestSettings,
): Promise<CaseResult> {
  const runners: Runner[] = contestants.map((contestant) => ({ contestant, samples: [] }));
  try {
    if (subject.fresh !== true) {
      for (const runner of runners) {
        settings.report(`${subject.name}: starting ${runner.contestant.label}`);
        await attempt(runner, subject, settings, () => startRunner(runner, subject, settings));
      }
    }
    for (let round = 1; round <= settings.rounds; round++) {
      for (const runner of runners) {
        settings.report(`${subject.name}: round ${round} of ${settings.rounds}, ${runner.contestant.label}`);
        await attempt(runner, subject, settings, () => sampleOnce(runner, subject, settings));
      }
    }
  } finally {
    await Promise.all(runners.map(stopRunner));
  }
  const { name, title, cost, baseline } = subject;
  return { name, title, cost, baseline, rows: runners.map(rowOf) };
}
