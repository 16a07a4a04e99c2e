// On disk, one file per Sluice that has run anything: under which name its processes can be found. Rule: a name whose Sluice is gone
// is swept for at the next start, so that nothing is left even when Sluice and its warden were killed together.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProcess } from './process-table.ts';
import { sweepMarked } from './sweep.ts';

const SUFFIX = '.run';

interface Owner {
  readonly pid: number;
  readonly startTicks: number;
}

/** The file; throws when it cannot be written. */
export function recordInstance(folder: string, instance: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${instance}${SUFFIX}`);
  const owner: Owner = { pid: process.pid, startTicks: readProcess(process.pid)?.startTicks ?? 0 };
  writeFileSync(file, JSON.stringify(owner), { mode: 0o600 });
  return file;
}

export function forgetInstance(file: string): void {
  rmSync(file, { force: true });
}

/** How many processes of others that are gone were still there. */
export async function sweepLeftovers(folder: string): Promise<number> {
  let killed = 0;
  for (const name of filesIn(folder)) {
    const file = join(folder, name);
    if (isAlive(ownerIn(file))) continue;
    killed += (await sweepMarked(`${name.slice(0, -SUFFIX.length)}-`)).killed;
    forgetInstance(file);
  }
  return killed;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(SUFFIX) && name.length > SUFFIX.length);
  } catch {
    return [];
  }
}

function ownerIn(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return null;
  }
}

function isAlive(owner: Owner | null): boolean {
  const found = owner === null ? null : readProcess(owner.pid);
  return found !== null && found.startTicks === owner?.startTicks;
}
