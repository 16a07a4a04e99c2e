// Writes a file that a command was asked for. Rule: what is there already is overwritten only when the person says so.

import { chmodSync, writeFileSync } from 'node:fs';
import { SluiceError } from '../core/errors.ts';

export interface NewFileOptions {
  /** As the person named it. */
  readonly as: string;
  readonly force: boolean;
  /** Only its owner can read it. */
  readonly secret?: boolean;
}

export function writeNewFile(file: string, text: string, { as, force, secret = false }: NewFileOptions): void {
  const mode = secret ? { mode: 0o600 } : {};
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx', ...mode });
    // A file that was there keeps its mode when it is written over.
    if (secret && force) chmodSync(file, 0o600);
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const message = isThere
      ? `${as} is there already. To overwrite it: --force`
      : `Cannot write ${as}: ${error instanceof Error ? error.message : String(error)}`;
    throw new SluiceError('usage', { message, cause: error });
  }
}
