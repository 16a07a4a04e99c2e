// What the kernel says about a process and everything it started: CPU time, threads, resident memory.
// Rule: a whole tree is always counted, so that a proxy cannot look cheaper by working in children.
import { readFileSync, readdirSync } from 'node:fs';

/** Linux reports times in hundredths of a second (USER_HZ) on every architecture. */
const TICK_MICROS = 10_000;
const PAGE_KIB = 4;

interface ProcessStat {
  readonly parent: number;
  readonly cpuMicros: number;
  readonly startTime: string;
  readonly rssKiB: number;
}

function readStat(path: string): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return undefined; // it ended between listing and reading
  }
  // The name in parentheses may hold spaces, so fields are counted from behind it: field 3 (state) comes first.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    parent: field(4),
    // Own time, and that of children that have ended and been waited for.
    cpuMicros: (field(14) + field(15) + field(16) + field(17)) * TICK_MICROS,
    startTime: fields[22 - 3] ?? '',
    rssKiB: field(24) * PAGE_KIB,
  };
}

/** The process and all its descendants, parents first. */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(`/proc/${pid}/stat`);
    if (stat === undefined) continue;
    const siblings = children.get(stat.parent);
    if (siblings === undefined) children.set(stat.parent, [pid]);
    else siblings.push(pid);
  }
  const tree = [root];
  // The list grows while it is walked: each descendant adds its own children behind it.
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** Names one life of a process, so that a number that was given to somebody else is never signalled. */
export function identityOf(pid: number): string | undefined {
  return readStat(`/proc/${pid}/stat`)?.startTime;
}

export function cpuMicrosOf(root: number): number {
  let sum = 0;
  for (const pid of treeOf(root)) sum += readStat(`/proc/${pid}/stat`)?.cpuMicros ?? 0;
  return sum;
}

export function rssKiBOf(root: number): number {
  let sum = 0;
  for (const pid of treeOf(root)) sum += readStat(`/proc/${pid}/stat`)?.rssKiB ?? 0;
  return sum;
}

/** CPU time of each thread of the tree, by thread id. */
export function cpuMicrosByThread(root: number): Map<number, number> {
  const byThread = new Map<number, number>();
  for (const pid of treeOf(root)) {
    let threads: string[];
    try {
      threads = readdirSync(`/proc/${pid}/task`);
    } catch {
      continue;
    }
    for (const thread of threads) {
      const stat = readStat(`/proc/${pid}/task/${thread}/stat`);
      if (stat !== undefined) byThread.set(Number(thread), stat.cpuMicros);
    }
  }
  return byThread;
}
