import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SetLocks } from './set-locks.ts';

test('a lock is free again when it has been given back, and the others are not touched', () => {
  const memory = new Int32Array(new SharedArrayBuffer(8));
  const locks = new SetLocks(memory);
  locks.take(1);
  assert.deepEqual([...memory], [0, 1]);
  locks.give(1);
  locks.take(1);
  assert.deepEqual([...memory], [0, 1]);
  assert.equal(locks.count, 2);
});

test('a lock that nobody gives back is taken after a while', () => {
  const memory = new Int32Array(new SharedArrayBuffer(4));
  const locks = new SetLocks(memory);
  locks.take(0);
  locks.take(0);
  locks.give(0);
  assert.deepEqual([...memory], [0]);
});
