// No file grows beyond what fits in a head. The linter counts lines of code and the lengths of functions; this counts all lines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listFiles, readSource } from '../support/source-tree.ts';

const MOST_LINES = 600;

test('no source file is longer than 600 lines', () => {
  const files = listFiles('{src,dashboard,test,bench,scripts}/**/*.{ts,tsx,js,css}', 'bin/*');
  assert.ok(files.includes('bin/sluice') && files.includes('src/core/errors.ts'));
  const long = files
    .map((path) => ({ path, lines: readSource(path).split('\n').length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES);
  assert.deepEqual(long, []);
});
