// What a running Sluice leaves in its data directory for the command line of the same user: where it listens, and a token
// for this run. Rule: only that user can read it (0600), and it is gone after a clean stop.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RunningFile {
  readonly schema: 'sluice.running/v1';
  readonly pid: number;
  readonly version: string;
  /** RFC 3339. */
  readonly started_at: string;
  readonly doors: readonly { readonly name: string; readonly address: string }[];
  /** Good for the admin API until this run ends, so that the command line needs no other secret. */
  readonly token: string;
  /** Where another Sluice asks to take this one's place; missing: it cannot. */
  readonly handover?: string;
}

export function runningFilePath(dataDir: string): string {
  return join(dataDir, 'running.json');
}

export function prepareDataDir(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
}

export function writeRunningFile(dataDir: string, running: RunningFile): void {
  prepareDataDir(dataDir);
  const path = runningFilePath(dataDir);
  // A reader sees the old file or the new one, never half of one.
  const draft = `${path}.${running.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(running, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}

/** What the last Sluice with this data directory left; it may have died since. */
export function findRunningFile(dataDir: string): RunningFile | undefined {
  try {
    const content = JSON.parse(readFileSync(runningFilePath(dataDir), 'utf8')) as RunningFile;
    return content.schema === 'sluice.running/v1' ? content : undefined;
  } catch {
    return undefined;
  }
}

/** The one of another process that still runs. */
export function findOtherRunning(dataDir: string): RunningFile | undefined {
  const running = findRunningFile(dataDir);
  return running !== undefined && running.pid !== process.pid && isAlive(running.pid) ? running : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Removes the file if it is still the one of this process: another Sluice may have taken over the directory. */
export function removeRunningFile(dataDir: string, pid: number): void {
  if (findRunningFile(dataDir)?.pid === pid) rmSync(runningFilePath(dataDir), { force: true });
}
