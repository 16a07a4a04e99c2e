// The package for terminals, from where the tests have it.
import { join } from 'node:path';
import type { PtyPackage } from '../../src/services/processes/terminal.ts';

/** `folder` as requirePeer gives it. */
export async function ptyOf(folder: string): Promise<PtyPackage> {
  return (await import(join(folder, 'lib', 'index.js'))) as PtyPackage;
}
