import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore } from '../../../../test/support/cache-store.ts';
import { SLOT, STATE } from './slot-fields.ts';
import { keyHash } from './slot-table.ts';

test('a slot is found by its hash while it is whole, and is used again when nobody reads it', () => {
  const { table } = storeCore();
  const hash = keyHash('a');
  const slot = table.take();
  table.set(slot, SLOT.HASH, hash.one);
  table.set(slot, SLOT.HASH_TWO, hash.two);
  const bucket = table.bucketOf(hash.one);
  const before = table.version(bucket);
  table.enter(slot);
  assert.deepEqual(table.withHash(hash), [slot]);
  assert.deepEqual(table.withHash(keyHash('b')), []);
  table.add(slot, SLOT.PINS, 1);
  table.drop(slot);
  assert.equal(table.version(bucket), before + 2);
  assert.deepEqual([table.withHash(hash), table.state(slot)], [[], STATE.DROPPED]);
  assert.notEqual(table.take(), slot);
  const generation = table.get(slot, SLOT.GENERATION);
  table.unpin(slot);
  assert.equal(table.take(), slot);
  assert.notEqual(table.get(slot, SLOT.GENERATION), generation);
});

test('a body may be longer than 32 bits say', () => {
  const { table } = storeCore();
  const slot = table.take();
  for (const length of [0, 2 ** 30, 2 ** 31 + 5, 2 ** 40 + 1]) {
    table.setBodyLength(slot, length);
    assert.equal(table.bodyLength(slot), length);
  }
});
