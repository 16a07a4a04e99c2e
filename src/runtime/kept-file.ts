// A small file in the data directory that outlives this run. Rule: only this user can read it (0600), and a reader sees the old file or the new one,
// never half of one.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SluiceError } from '../core/errors.ts';

/** What stands in it; undefined: there is none. One that cannot be read is no reason to go on as if nothing had been kept: it throws. */
export function readKeptFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code, message: reason } = cause as NodeJS.ErrnoException;
    // Where there cannot be a folder, there is no file either; whoever must write there says so.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SluiceError('config_invalid', { message: `process.data_dir: ${path} cannot be read: ${reason}`, cause });
  }
}

/** null: nothing is kept any more. */
export function writeKeptFile(path: string, content: object | null): void {
  if (content === null) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}
