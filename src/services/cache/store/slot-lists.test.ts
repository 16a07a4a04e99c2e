import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore } from '../../../../test/support/cache-store.ts';

test('a slot is in the list of its hash until it leaves, wherever it stands', () => {
  const { urls } = storeCore().memory;
  for (const slot of [1, 2, 3]) urls.add(slot, 7);
  urls.add(4, 7 + urls.count);
  assert.deepEqual(urls.with(7), [3, 2, 1]);
  assert.deepEqual(urls.under(7), [4, 3, 2, 1]);
  for (const slot of [4, 2, 1]) urls.remove(slot);
  assert.deepEqual(urls.under(7), [3]);
  urls.remove(3);
  assert.deepEqual(urls.with(7), []);
});
