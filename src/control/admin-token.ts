// The admin token that Sluice makes for itself when the config sets none: made once, kept in the data directory.
// Rule: only the user who runs Sluice can read it (0600 in a 0700 directory), and it is shown once, when it is made.

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../core/errors.ts';

const TOKEN_BYTES = 32;
/** Redaction knows the shape of our tokens by this. */
const PREFIX = 'slc_';
const OTHERS_MODE_BITS = 0o077;

export interface KeptToken {
  readonly token: string;
  readonly file: string;
  /** Made just now, so this is the one time that it may be shown. */
  readonly fresh: boolean;
}

export function adminTokenFile(dataDir: string): string {
  return join(dataDir, 'admin-token');
}

/** Reads the kept token, or makes one and keeps it. */
export function requireAdminToken(dataDir: string): KeptToken {
  const file = adminTokenFile(dataDir);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const token = newToken();
    if (createFile(file, `${token}\n`)) return { token, file, fresh: true };
    if ((statSync(file).mode & OTHERS_MODE_BITS) !== 0) chmodSync(file, 0o600);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `process.data_dir: the admin token cannot be kept in ${dataDir}: ${reason}. Set another process.data_dir, or admin.token.`;
    throw new SluiceError('config_invalid', { message, cause });
  }
  return { token: readToken(file), file, fresh: false };
}

export function newToken(): string {
  return PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
}

/** False when there is such a file already. */
function createFile(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The token in a file, whoever has put it there. */
export function readToken(file: string): string {
  const token = readTextOf(file).trim();
  if (token === '') throw new SluiceError('config_invalid', { message: `The token file ${file} is empty.` });
  return token;
}

function readTextOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SluiceError('config_invalid', { message: `The token file ${file} cannot be read: ${reason}.`, cause });
  }
}
