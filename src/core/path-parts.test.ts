import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathParts } from './path-parts.ts';

test('the parts of a path are those that the router sees, as they were sent', () => {
  for (const [path, parts] of [
    ['/a/b', ['a', 'b']],
    ['/a/b/', ['a', 'b', '']],
    ['/', ['']],
    ['*', []],
    ['', []],
    ['//a//./%2e%2E/b/../c', ['c']],
    ['/a/..', ['']],
    ['/%41%2Fb', ['%41%2Fb']],
    ['/a"<b>\\\xe9', ['a%22%3Cb%3E%5C%E9']],
  ] as const) {
    assert.deepEqual(pathParts(path), parts, path);
  }
});
