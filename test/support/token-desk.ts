// Tokens that are made while Sluice runs, kept in a folder of their own. Rule: it is gone when the process of the test is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TokenDesk } from '../../src/runtime/tokens/token-desk.ts';

const folders: string[] = [];

process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function tokenDesk(): TokenDesk {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tokens-'));
  folders.push(folder);
  return new TokenDesk({ dataDir: folder });
}
