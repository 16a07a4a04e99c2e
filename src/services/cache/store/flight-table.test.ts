import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore } from '../../../../test/support/cache-store.ts';
import { FlightTable } from './flight-table.ts';
import { keyHash } from './slot-table.ts';

test('a key is of the thread that claims it first, which knows whether others listen', () => {
  const core = storeCore();
  const [first, second] = [new FlightTable(core.memory, 0), new FlightTable(core.memory, 1)];
  const hash = keyHash('a');
  assert.equal(first.claim(hash, 0), -1);
  assert.equal(first.isHeard('a'), false);
  const at = second.claim(hash, 0);
  assert.deepEqual([at >= 0, second.slotAt(at), first.isHeard('a')], [true, -1, true]);
  first.begin('a', 7, 3);
  assert.deepEqual([second.slotAt(at), second.generationAt(at)], [7, 3]);
  assert.equal(second.end('a'), false);
  assert.equal(first.end('a'), true);
  assert.equal(second.find(hash), -1);
  first.claim(hash, 0);
  first.begin('a', 9, 4);
  second.forget(0);
  assert.equal(second.claim(hash, 0), -1);
});
