import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool, sharedReadBuffer } from './buffers.ts';

test('the shared read buffer takes as much as libuv reads at once', () => {
  assert.equal(sharedReadBuffer.length, 64 * 1024);
});

describe('a buffer pool', () => {
  test('hands out what was given back before it makes more', () => {
    const pool = new BufferPool(16, 4);
    const first = pool.take();
    pool.give(first);
    assert.equal(pool.take(), first);
    assert.notEqual(pool.take(), first);
  });

  test('keeps no more than it may, and nothing of another size', () => {
    const pool = new BufferPool(16, 1);
    const [a, b] = [pool.take(), pool.take()];
    pool.give(Buffer.alloc(32));
    pool.give(a);
    pool.give(b);
    assert.deepEqual([pool.take() === a, pool.take() === b], [true, false]);
  });
});
