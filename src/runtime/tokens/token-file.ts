// Where tokens are kept that were made while Sluice ran: one file in the data directory. Rule: it holds digests and no token.
import { join } from 'node:path';
import { type Permission, PERMISSIONS } from '../../config/schema/users.ts';
import { SluiceError } from '../../core/errors.ts';
import { readKeptFile, writeKeptFile } from '../kept-file.ts';

export interface IssuedToken {
  readonly id: string;
  readonly user: string;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  readonly may: readonly Permission[];
  /** The user stood in the config when it was made: it ends with the user. */
  readonly isOfConfig: boolean;
  /** Since 1970. */
  readonly madeAtMs: number;
}

const SCHEMA = 'sluice.tokens/v1';

export function tokenFile(dataDir: string): string {
  return join(dataDir, 'tokens.json');
}

/** None without a file. One that cannot be understood is no reason to lock out those whose tokens stand in it: it throws. */
export function readTokens(dataDir: string): readonly IssuedToken[] {
  const path = tokenFile(dataDir);
  const text = readKeptFile(path);
  if (text === undefined) return [];
  const tokens = findTokens(text);
  if (tokens !== undefined) return tokens;
  const message = `${path} does not hold tokens that this version understands. Put it right, or remove it.`;
  throw new SluiceError('config_invalid', { message });
}

export function writeTokens(dataDir: string, tokens: readonly IssuedToken[]): void {
  writeKeptFile(tokenFile(dataDir), tokens.length === 0 ? null : { schema: SCHEMA, tokens });
}

/** null: it is none that this version understands. */
export function tokenOf(text: string): IssuedToken | null {
  try {
    const token: unknown = JSON.parse(text);
    return isToken(token) ? token : null;
  } catch {
    return null;
  }
}

function findTokens(text: string): readonly IssuedToken[] | undefined {
  try {
    const content = JSON.parse(text) as { readonly schema?: unknown; readonly tokens?: unknown };
    const isOurs = content.schema === SCHEMA && Array.isArray(content.tokens) && content.tokens.every(isToken);
    return isOurs ? content.tokens : undefined;
  } catch {
    return undefined;
  }
}

function isToken(value: unknown): value is IssuedToken {
  if (typeof value !== 'object' || value === null) return false;
  const { id, user, sha256, may, isOfConfig, madeAtMs } = value as Record<string, unknown>;
  const mayAll = Array.isArray(may) && may.every((each) => (PERMISSIONS as readonly unknown[]).includes(each));
  const isNamed = typeof id === 'string' && typeof user === 'string' && typeof sha256 === 'string';
  return isNamed && mayAll && typeof isOfConfig === 'boolean' && typeof madeAtMs === 'number';
}
