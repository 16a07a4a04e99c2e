import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldLines } from './held-lines.ts';

test('the fields of a list are found by name in whatever spelling, and change in place', () => {
  const held = new HeldLines([
    ['ETag', '"a"'],
    ['Vary', 'Accept'],
    ['vary', 'Cookie'],
  ]);
  assert.deepEqual([held.get('etag'), held.getAll('vary'), held.has('age')], ['"a"', ['Accept', 'Cookie'], false]);
  held.remove('vary');
  held.append('Vary', '*');
  assert.deepEqual(held.lines, [
    ['ETag', '"a"'],
    ['Vary', '*'],
  ]);
});
