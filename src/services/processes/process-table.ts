// The processes of this machine, as /proc tells of them, and which of them belong to a run. Rule: a number alone names no process,
// for numbers are given out again; a process is its number and the time at which it was started.
import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';

/** The variable in the environment of every child that says which run it belongs to. Children of children inherit it. */
export const RUN_MARK = 'SLUICE_RUN_ID';

/** The parent of what is no program. */
const KERNEL_PARENT = 2;

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Since the machine was started, in ticks of its clock. */
  readonly startTicks: number;
  /** It has ended, and its parent has not heard of it yet. */
  readonly isDead: boolean;
}

/** What is known of a run from outside. */
export interface Traces {
  readonly id: string;
  /** Of the program itself, which leads a group and a session of its own; 0: not known. */
  readonly pid: number;
  readonly startTicks: number;
  /** It began so short a time ago that numbers of processes cannot have come round to its own again. */
  readonly isYoung?: boolean;
  /** Those of its processes that somebody has seen, by nameOf: they may have lost what else tells that they belong to it. */
  readonly seen?: ReadonlySet<string>;
}

/** Of a process, and of no other. */
export function nameOf({ pid, startTicks }: ProcessEntry): string {
  return `${pid} ${startTicks}`;
}

/** null: there is no such process, or the system has no /proc. */
export function readProcess(pid: number): ProcessEntry | null {
  const text = read(`/proc/${pid}/stat`)?.toString('latin1');
  if (text === undefined) return null;
  // The name stands in brackets and may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent = '', group = '', session = ''] = fields;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTicks: Number(fields[19]),
    isDead: state === 'Z' || state === 'X',
  };
}

/** The living, from the first started to the last; `after`: only numbers above it. Empty: the system has no /proc. */
export function listProcesses(after = 0): ProcessEntry[] {
  const entries = listPids()
    .filter((pid) => pid > after)
    .map(readProcess);
  return entries
    .filter((entry) => entry !== null)
    .filter(({ isDead }) => !isDead)
    .sort((one, other) => one.startTicks - other.startTicks || one.pid - other.pid);
}

/** Those of a run: its group, its session, what carries its mark, and whatever any of these has started. */
export function findMembers({ id, pid, startTicks, seen }: Traces, table: readonly ProcessEntry[]): ProcessEntry[] {
  const mark = Buffer.from(`${RUN_MARK}=${id}\0`);
  const members = new Set<number>();
  return table.filter((entry) => {
    // Nothing of a run is older than what began it, whatever its number.
    if (entry.startTicks < startTicks || entry.pid === process.pid) return false;
    const isRelated =
      (pid !== 0 && (entry.pid === pid || entry.group === pid || entry.session === pid)) || members.has(entry.parent);
    const isMember = isRelated || seen?.has(nameOf(entry)) === true || environmentOf(entry.pid).includes(mark);
    if (isMember) members.add(entry.pid);
    return isMember;
  });
}

/**
 * Whether somebody is about to become another program, younger than the run, and shows no environment at that moment: it may belong to it.
 */
export function hasUncertain({ startTicks }: Traces, table: readonly ProcessEntry[]): boolean {
  return table.some(({ pid, parent, startTicks: ticks }) => {
    return ticks >= startTicks && parent !== KERNEL_PARENT && read(`/proc/${pid}/environ`)?.length === 0;
  });
}

/** Those whose mark begins so. */
export function findMarked(prefix: string, table: readonly ProcessEntry[]): ProcessEntry[] {
  const mark = Buffer.from(`${RUN_MARK}=${prefix}`);
  return table.filter(({ pid }) => pid !== process.pid && environmentOf(pid).includes(mark));
}

/** In bytes; null: it cannot be told any more. */
export function readPeakMemory(pid: number): number | null {
  const text = read(`/proc/${pid}/status`)?.toString('latin1') ?? '';
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

/** Not of a process of somebody else, and not of one that has gone meanwhile. */
function environmentOf(pid: number): Buffer {
  return read(`/proc/${pid}/environ`) ?? Buffer.alloc(0);
}

function listPids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** The number that was given out last; null: nobody tells. Numbers are given out in order, and begin again at the end. */
export function lastGivenPid(): number | null {
  const text = read('/proc/loadavg')?.toString('latin1') ?? '';
  const last = /(\d+)\s*$/.exec(text)?.[1];
  return last === undefined ? null : Number(last);
}
