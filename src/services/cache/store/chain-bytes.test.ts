import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore } from '../../../../test/support/cache-store.ts';
import { ChainEnd, readChain, writeChain } from './chain-bytes.ts';

test('what is written at any offset of a chain is read there', () => {
  const { arena } = storeCore(200_000).memory;
  const chain = arena.take(5000);
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));
  writeChain(arena, chain, 0, bytes.subarray(0, 700));
  writeChain(arena, chain, 700, bytes.subarray(700));
  for (const [from, to] of [
    [0, 5000],
    [4096, 4100],
    [1, 4999],
    [4999, 5000],
  ] as const) {
    const into = Buffer.alloc(to - from);
    readChain(arena, chain, from, into);
    assert.deepEqual(into, bytes.subarray(from, to));
  }
});

test('what is written piece by piece stands one behind the other, also when the chain grows', () => {
  const { arena } = storeCore(200_000).memory;
  const [chain, more] = [arena.take(256), arena.take(4000)];
  const bytes = Buffer.from(Array.from({ length: 4000 }, (_, index) => index % 251));
  const end = new ChainEnd();
  end.write(arena, chain, bytes.subarray(0, 100));
  end.write(arena, chain, bytes.subarray(100, 256));
  arena.link(arena.lastOf(chain), more);
  end.write(arena, chain, bytes.subarray(256));
  const into = Buffer.alloc(4000);
  readChain(arena, chain, 0, into);
  assert.deepEqual(into, bytes);
});
