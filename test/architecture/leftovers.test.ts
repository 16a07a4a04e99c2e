// What must not stay behind in the tree. This file names it all, so it does not look at itself.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listFiles, readSource } from '../support/source-tree.ts';

const CODE = ['{src,dashboard,test,bench,scripts}/**/*.{ts,tsx,js,css,html}', 'bin/*', '.ci/*'];
const SELF = 'test/architecture/leftovers.test.ts';
const TEXT = ['*.md', '{docs,examples,test,bench}/**/*.{md,yaml,yml,toml,json,txt}', '*.json'];

describe('leftovers', () => {
  test('no note of unfinished work stands in the tree', () => {
    assert.deepEqual(findLines([...CODE, ...TEXT], /\b(?:TODO|FIXME|XXX|HACK)\b/), []);
  });

  test('no test is singled out, and none is switched off but for a missing peer', () => {
    const found = findLines(['{src,dashboard,test}/**/*.ts'], /\.(?:only|skip)\(|\b(?:only|skip): true/);
    assert.deepEqual(
      found.filter((place) => !place.startsWith('test/support/peer.ts:')),
      [],
    );
  });

  test('no comment silences the compiler', () => {
    assert.deepEqual(findLines(CODE, /@ts-(?:ignore|nocheck|expect-error)/), []);
  });

  test('nothing names a place outside the project', () => {
    const outside = /\/work\/|\.\.\/shared\b|\/tmp\/(?:bash_jobs|exp)/;
    assert.deepEqual(findLines([...CODE, ...TEXT], outside), []);
  });
});

function findLines(patterns: readonly string[], wanted: RegExp): string[] {
  const files = listFiles(...patterns).filter((path) => path !== SELF);
  assert.ok(files.length > 0);
  return files.flatMap((path) => {
    const lines = readSource(path).split('\n');
    return lines.flatMap((line, index) => (wanted.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []));
  });
}
