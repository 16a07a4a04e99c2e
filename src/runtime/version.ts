// The version of this program, as package.json states it. Rule: it is read from there and written nowhere else.

import { readFileSync } from 'node:fs';

interface PackageFile {
  readonly version: string;
}

// Two folders up, from src/runtime as from dist/runtime.
const packageFile = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as PackageFile;

export const VERSION: string = packageFile.version;
