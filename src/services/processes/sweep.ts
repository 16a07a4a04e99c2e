// Kills what is left of a run, wherever its processes have got to. Rule: it looks again after every round, because what was about to
// be killed may have started something just before; it has done its work when it finds nothing.
import { setTimeout as pause } from 'node:timers/promises';
import {
  findMarked,
  findMembers,
  hasUncertain,
  lastGivenPid,
  listProcesses,
  nameOf,
  type ProcessEntry,
  readProcess,
  type Traces,
} from './process-table.ts';

export interface Swept {
  readonly killed: number;
  /** Alive still, though killed: the system is in the middle of something for them. */
  readonly left: number;
}

/** What is killed is gone at once, unless the system is busy with it. */
const ROUND_MS = 10;
const ROUNDS = 300;
/** A program has no environment for good where somebody has started it so. */
const UNCERTAIN_ROUNDS = 3;

/** All that belongs to these runs. */
export function sweep(runs: readonly Traces[]): Promise<Swept> {
  if (process.platform !== 'linux') return Promise.resolve(sweepGroups(runs));
  const after = lowestPid(runs);
  const isUncertain = (table: readonly ProcessEntry[]): boolean => runs.some((run) => hasUncertain(run, table));
  return sweepFor({ after, isUncertain }, (table) => {
    const members = new Map<number, ProcessEntry>();
    for (const run of runs) for (const entry of findMembers(run, table)) members.set(entry.pid, entry);
    return [...members.values()];
  });
}

/** All whose mark begins so: what an earlier Sluice has left behind. */
export function sweepMarked(prefix: string): Promise<Swept> {
  const anybody = { id: '', pid: 0, startTicks: 0 };
  const isUncertain = (table: readonly ProcessEntry[]): boolean => hasUncertain(anybody, table);
  return sweepFor({ after: 0, isUncertain }, (table) => findMarked(prefix, table));
}

/**
 * What a run that is young has started has numbers above its own, unless they have begun again meanwhile: nobody else has to be looked at.
 */
function lowestPid(runs: readonly Traces[]): number {
  const isBounded = runs.every(({ isYoung, pid }) => isYoung === true && pid !== 0);
  const lowest = Math.min(...runs.map(({ pid }) => pid));
  return isBounded && (lastGivenPid() ?? 0) >= lowest ? lowest - 1 : 0;
}

interface Look {
  readonly after: number;
  /** Though nothing was found, something may be there. */
  readonly isUncertain: (table: readonly ProcessEntry[]) => boolean;
}

async function sweepFor(
  { after, isUncertain }: Look,
  find: (table: readonly ProcessEntry[]) => readonly ProcessEntry[],
): Promise<Swept> {
  const killed = new Set<string>();
  for (let round = 0; ; round += 1) {
    const table = listProcesses(after);
    const found = find(table);
    const isOver = found.length === 0 && (round >= UNCERTAIN_ROUNDS || !isUncertain(table));
    if (isOver || round === ROUNDS) return { killed: killed.size, left: found.length };
    for (const entry of found) {
      kill(entry);
      killed.add(nameOf(entry));
    }
    await pause(round === 0 ? 0 : ROUND_MS);
  }
}

/** Only if it is still the one that was found. */
function kill({ pid, startTicks }: ProcessEntry): void {
  if (readProcess(pid)?.startTicks === startTicks) signalIfThere(pid, 'SIGKILL');
}

/** Where nobody tells which processes there are. A group outlives its leader's number as long as anybody is in it. */
function sweepGroups(runs: readonly Traces[]): Swept {
  const killed = runs.filter(({ pid }) => pid !== 0 && signalIfThere(-pid, 'SIGKILL'));
  return { killed: killed.length, left: 0 };
}

/** False: nobody was there to get it. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
