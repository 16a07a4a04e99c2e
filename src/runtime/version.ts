// The version of this program, as package.json states it. Rule: it is read from there and written nowhere else.

import { readPart } from '../services/program/program-parts.ts';

interface PackageFile {
  readonly version: string;
}

// Two folders up, from src/runtime as from dist/runtime.
const packageFile = JSON.parse(
  String(readPart('package.json', new URL('../../package.json', import.meta.url))),
) as PackageFile;

export const VERSION: string = packageFile.version;
