// Reads the tree for the architecture tests: which files there are, and who imports what.
// Rule: imports are found by their text, which the formatter keeps in one shape; nothing is loaded or run.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

export interface ImportEdge {
  /** Paths are relative to the root and written with slashes. */
  readonly from: string;
  /** A path of ours, or the name as it is written: `node:net`, `zod`. */
  readonly to: string;
  readonly isOurs: boolean;
  /** Gone at run time. */
  readonly isTypeOnly: boolean;
}

export const ROOT: string = dirname(dirname(import.meta.dirname));

const NOT_SOURCE = ['**/node_modules/**', 'dist/**', 'bench/results/**'];

/** Files of the project, as sorted paths relative to the root and written with slashes. */
export function listFiles(...patterns: readonly string[]): string[] {
  const found = globSync(patterns, { cwd: ROOT, exclude: NOT_SOURCE, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted();
}

export function readSource(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

// `import x from 'y'`, `export { x } from 'y'` and `import 'y'` at the start of a line; `import('y')` anywhere.
const STATIC_IMPORT = /^(?:import|export)\s(?<type>type\s)?(?:[^'"`;]*?\sfrom\s)?['"](?<name>[^'"]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"](?<name>[^'"]+)['"]\s*\)/g;

export function listImports(path: string): ImportEdge[] {
  const source = readSource(path);
  const matches = [...source.matchAll(STATIC_IMPORT), ...source.matchAll(DYNAMIC_IMPORT)];
  return matches.map(({ groups }) => {
    const name = groups?.['name'] ?? '';
    const isOurs = name.startsWith('.');
    const to = isOurs ? join(dirname(path), name).split(sep).join('/') : name;
    return { from: path, to, isOurs, isTypeOnly: groups?.['type'] !== undefined };
  });
}

/** The files that run in the program: everything under src but its tests. */
export function listProgram(): string[] {
  return listFiles('src/**/*.ts').filter((path) => !path.endsWith('.test.ts'));
}
