// Which process of ours holds a lock, written down beside its folder, so that whoever comes after it was killed need not wait until the
// lock is stale. Rule: nobody is taken for dead who may live. What was written elsewhere, before, or about another folder says nothing.
import { readlinkSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { readProcess } from '../processes/process-table.ts';

/** What tells a folder from one that stands in its place later. */
export interface FolderIdentity {
  readonly ino: number;
  readonly bornAtMs: number;
}

export async function noteHolder(lock: string, folder: FolderIdentity): Promise<void> {
  const space = processSpace();
  const self = readProcess(process.pid);
  if (space === null || self === null) return;
  await writeFile(noteOf(lock), [...linesOf(folder, space), process.pid, self.startTicks].join('\n'), { mode: 0o600 });
}

export async function forgetHolder(lock: string): Promise<void> {
  await rm(noteOf(lock), { force: true });
}

/** True only if it was one of ours, on this machine, and has ended. */
export async function isHolderGone(lock: string, folder: FolderIdentity): Promise<boolean> {
  const space = processSpace();
  const note = space === null ? null : await readFile(noteOf(lock), 'utf8').catch(() => null);
  if (space === null || note === null) return false;
  const [place, made, where, pid, startTicks, ...rest] = note.split('\n');
  const isAboutIt = [place, made, where].join('\n') === linesOf(folder, space).join('\n');
  if (!isAboutIt || startTicks === undefined || rest.length > 0) return false;
  return hasEnded(Number(pid), Number(startTicks));
}

const noteOf = (lock: string): string => `${lock}.sluice`;

const linesOf = ({ ino, bornAtMs }: FolderIdentity, space: string): readonly unknown[] => [ino, bornAtMs, space];

function hasEnded(pid: number, startTicks: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // One that we may not signal lives.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  const found = readProcess(pid);
  return found !== null && (found.isDead || found.startTicks !== startTicks);
}

/** Within it, and until the machine starts anew, a number and a time of start name a process; null: nothing does. */
function processSpace(): string | null {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}
