// Where changes to hops are kept that are to outlive this run: one file in the data directory. Rule: it holds credentials of
// proxies, so that only this user can read it.
import { join } from 'node:path';
import { type HopChange, hopChangesSchema } from '../../config/schema/proxy-edits.ts';
import { SluiceError } from '../../core/errors.ts';
import { readKeptFile, writeKeptFile } from '../kept-file.ts';
import { exitName } from './exit-name.ts';
import type { HopChanges } from './hop-changes.ts';

const SCHEMA = 'sluice.hop-changes/v1';

export function hopChangeFile(dataDir: string): string {
  return join(dataDir, 'hop-changes.json');
}

/** None without a file. One that cannot be read is no reason to forget what somebody wanted kept: it throws. */
export function readHopChanges(dataDir: string): HopChanges {
  const path = hopChangeFile(dataDir);
  const text = readKeptFile(path);
  if (text === undefined) return new Map();
  const changes = findChanges(text);
  if (changes === undefined) {
    const message = `${path} does not hold changes to hops that this version understands. Put it right, or remove it.`;
    throw new SluiceError('config_invalid', { message });
  }
  return new Map(changes.map((change) => [exitName(change.hop, change.id), change]));
}

export function writeHopChanges(dataDir: string, changes: HopChanges): void {
  const content = changes.size === 0 ? null : { schema: SCHEMA, changes: [...changes.values()] };
  writeKeptFile(hopChangeFile(dataDir), content);
}

function findChanges(text: string): readonly HopChange[] | undefined {
  try {
    const content = JSON.parse(text) as { readonly schema?: unknown; readonly changes?: unknown };
    return content.schema === SCHEMA ? hopChangesSchema.safeParse(content.changes).data : undefined;
  } catch {
    return undefined;
  }
}
