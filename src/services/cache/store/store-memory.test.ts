import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStoreMemory, HEADER, openStoreMemory } from './store-memory.ts';

test('a thread that is given the memory sees what the first one sees', () => {
  const first = createStoreMemory(300_000, 3);
  const other = openStoreMemory(first.buffer);
  assert.equal(other.header[HEADER.THREADS], 3);
  assert.equal(other.slots.length, first.slots.length);
  const chain = first.arena.take(300);
  assert.equal(other.arena.freeUnits, first.arena.freeUnits);
  other.arena.give(chain);
  first.urls.add(5, 9);
  assert.deepEqual(other.urls.with(9), [5]);
  assert.equal(other.counters.byteOffset % 8, 0);
});
