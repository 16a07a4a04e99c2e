import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SLOT, SLOT_INTS } from './slot-fields.ts';

test('every number of a slot has a place of its own', () => {
  const places = Object.values(SLOT);
  assert.equal(new Set(places).size, places.length);
  assert.ok(Math.max(...places) < SLOT_INTS);
});
