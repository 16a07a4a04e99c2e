// Names say what a file is about. What is called after its use by others ("utils") has no place yet.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listFiles } from '../support/source-tree.ts';

const WORD = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const NAMELESS = /(?:^|-)(?:utils?|helpers?|common|managers?|misc|index)(?:-|$)/;

describe('names of files and folders', () => {
  const files = listFiles('{src,dashboard,test,bench,scripts}/**/*.{ts,tsx,js,css}');
  const words = new Map(files.map((path) => [path, path.replace(/(?:\.test|\.d)?\.(?:tsx?|js|css)$/, '').split('/')]));

  test('are kebab-case', () => {
    assert.ok(files.length > 0);
    assert.deepEqual(
      files.filter((path) => !words.get(path)?.every((word) => WORD.test(word))),
      [],
    );
  });

  test('name a thing, not a drawer', () => {
    assert.deepEqual(
      files.filter((path) => words.get(path)?.some((word) => NAMELESS.test(word))),
      [],
    );
  });
});
