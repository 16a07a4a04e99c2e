// The tokens for tunnel servers that a person has saved, one for each. Rule: only its owner can read the file, from its first byte on;
// a token is never shown to another server than its own.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../core/errors.ts';

export interface TunnelTokens {
  /** The server that a token was saved for last. */
  readonly server: string | null;
  readonly tokens: Readonly<Record<string, string>>;
}

const FILE = 'tunnel-tokens.json';
const SCHEMA = 'sluice.tunnel-tokens/v1';

export function readTunnelTokens(dataDir: string): TunnelTokens {
  const file = join(dataDir, FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { server: null, tokens: {} };
    throw new SluiceError('usage', { message: `${file} cannot be read: ${said(error)}`, cause: error });
  }
  try {
    const { server, tokens } = JSON.parse(text) as { server?: unknown; tokens?: unknown };
    const known = Object.entries(tokens ?? {}).filter(([, token]) => typeof token === 'string');
    return {
      server: typeof server === 'string' ? server : null,
      tokens: Object.fromEntries(known),
    };
  } catch {
    throw new SluiceError('usage', { message: `${file} is damaged. Save the token again: sluice authtoken TOKEN` });
  }
}

/** Returns the file. */
export function saveTunnelToken(dataDir: string, server: string, token: string): string {
  const file = join(dataDir, FILE);
  const fresh = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const tokens = { ...knownTokens(dataDir), [server]: token };
    writeFileSync(fresh, `${JSON.stringify({ schema: SCHEMA, server, tokens }, null, 2)}\n`, {
      mode: 0o600,
      flag: 'w',
    });
    renameSync(fresh, file);
  } catch (error) {
    throw new SluiceError('usage', { message: `${file} cannot be written: ${said(error)}`, cause: error });
  }
  return file;
}

/** A damaged file is written anew. */
function knownTokens(dataDir: string): Readonly<Record<string, string>> {
  try {
    return readTunnelTokens(dataDir).tokens;
  } catch {
    return {};
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
