// Where changes to hops are kept that are to outlive this run: one file in the data directory. Rule: it holds credentials of
// proxies, so that only this user can read it (0600); a reader sees the old file or the new one, never half of one.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HopChange, hopChangesSchema } from '../../config/schema/proxy-edits.ts';
import { SluiceError } from '../../core/errors.ts';
import { exitName } from './exit-name.ts';
import type { HopChanges } from './hop-changes.ts';

const SCHEMA = 'sluice.hop-changes/v1';

export function hopChangeFile(dataDir: string): string {
  return join(dataDir, 'hop-changes.json');
}

/** None without a file. One that cannot be read is no reason to forget what somebody wanted kept: it throws. */
export function readHopChanges(dataDir: string): HopChanges {
  const path = hopChangeFile(dataDir);
  const text = findText(path);
  if (text === undefined) return new Map();
  const changes = findChanges(text);
  if (changes === undefined) {
    const message = `${path} does not hold changes to hops that this version understands. Put it right, or remove it.`;
    throw new SluiceError('config_invalid', { message });
  }
  return new Map(changes.map((change) => [exitName(change.hop, change.id), change]));
}

export function writeHopChanges(dataDir: string, changes: HopChanges): void {
  const path = hopChangeFile(dataDir);
  if (changes.size === 0) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  const content = { schema: SCHEMA, changes: [...changes.values()] };
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}

function findText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code, message: reason } = cause as NodeJS.ErrnoException;
    // Where there cannot be a folder, there is no file either; whoever must write there says so.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SluiceError('config_invalid', { message: `process.data_dir: ${path} cannot be read: ${reason}`, cause });
  }
}

function findChanges(text: string): readonly HopChange[] | undefined {
  try {
    const content = JSON.parse(text) as { readonly schema?: unknown; readonly changes?: unknown };
    return content.schema === SCHEMA ? hopChangesSchema.safeParse(content.changes).data : undefined;
  } catch {
    return undefined;
  }
}
