import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_CODE } from './close-codes.ts';

test('the reasons to close a WebSocket are different ones, of the range that protocols have', () => {
  const codes = Object.values(CLOSE_CODE);
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(codes.every((code) => code >= 1000 && code < 3000));
});
