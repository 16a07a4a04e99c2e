// The parts of the program that are read while it runs: its helpers, its pages, what package.json says. Rule: in a checkout and in a package they
// are files beside the code; a program of one file has them inside, under the names given here.
import { readFileSync } from 'node:fs';
import { getAsset, getAssetKeys, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';

/** The program is one file that holds Node as well. */
export const isOneFile: boolean = isSea();

/** Null: there is no such part. */
export function readPart(name: string, file: URL): Buffer<ArrayBuffer> | null {
  if (isOneFile) return getAssetKeys().includes(name) ? Buffer.from(getAsset(name)) : null;
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

/** In the program of one file. */
export function partsBelow(folder: string): string[] {
  return isOneFile ? getAssetKeys().filter((name) => name.startsWith(folder)) : [];
}

export interface HelperCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What to give to `process.execPath` so that it becomes a helper of this name, or the code in `file`. */
export function helperCommand(name: 'warden' | 'launcher', file: URL, flags: readonly string[]): HelperCommand {
  if (!isOneFile) return { args: [...flags, fileURLToPath(file)], env: {} };
  return { args: [name], env: { NODE_OPTIONS: flags.join(' ') } };
}
