// The line in which spans wait.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpanQueue } from './span-queue.ts';

test('what finds no room is dropped, and the oldest leave first', () => {
  const queue = new SpanQueue(3);
  assert.equal(queue.add(['a', 'b']), 0);
  assert.equal(queue.add(['c', 'd', 'e']), 2);
  assert.deepEqual(queue.take(2), ['a', 'b']);
  assert.equal(queue.add(['f']), 0);
  assert.deepEqual(queue.take(9), ['c', 'f']);
  assert.equal(queue.length, 0);
});
