import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore } from '../../../../test/support/cache-store.ts';
import { UNIT_BYTES } from './block-arena.ts';

test('gives out all that it has, in chains of any length, and gets all of it back', () => {
  const { arena } = storeCore(200_000).memory;
  const all = arena.freeUnits;
  const chains: number[] = [];
  const used = new Uint8Array(arena.units);
  for (let bytes = 1; ; bytes = (bytes * 7 + 130) % 9001) {
    const chain = arena.take(bytes);
    if (chain === 0) break;
    let size = 0;
    for (let block = chain; block !== 0; block = arena.next(block)) {
      const from = arena.at(block) / UNIT_BYTES;
      for (let unit = from; unit < from + arena.sizeOf(block) / UNIT_BYTES; unit += 1) used[unit]! += 1;
      size += arena.sizeOf(block);
    }
    assert.ok(size >= bytes && size <= bytes * 1.125 + UNIT_BYTES);
    chains.push(chain);
  }
  assert.ok(used.every((count) => count <= 1));
  for (const [index, chain] of chains.entries()) if (index % 2 === 0) arena.give(chain);
  assert.notEqual(arena.take(20_000), 0);
  arena.reset();
  assert.equal(arena.freeUnits, all);
  assert.equal(arena.take(all * UNIT_BYTES + 1), 0);
  const whole = arena.take(all * UNIT_BYTES);
  assert.deepEqual([arena.freeUnits, arena.unitsOf(whole)], [0, all]);
  arena.give(whole);
  assert.equal(arena.freeUnits, all);
});
