// Tells files that hold code from files that hold only types: the latter need no test and count in no coverage.
// Rule: leans on the formatter, which starts every top-level statement in the first column.
import { readFileSync } from 'node:fs';

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g;
const DECLARES_TYPE = String.raw`(?:export )?(?:declare |interface |type )|(?:import|export) type `;
const CODE = new RegExp(`^(?!${DECLARES_TYPE})[a-z]`, 'im');

/** Is there a statement that does something when the file is loaded, or something to call? */
export function emitsCode(file: string): boolean {
  return CODE.test(readFileSync(file, 'utf8').replaceAll(COMMENT, ''));
}
