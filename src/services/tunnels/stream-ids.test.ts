import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamIds } from './stream-ids.ts';

test('streams are numbered one after the other, past those that still run, and from one again in the end', () => {
  const ids = new StreamIds();
  assert.deepEqual([ids.next(new Set()), ids.next(new Set()), ids.next(new Set([3]))], [1, 2, 4]);
  const late = new StreamIds(0x7fff_fffe);
  assert.deepEqual([late.next(new Set()), late.next(new Set([1]))], [0x7fff_ffff, 2]);
});
