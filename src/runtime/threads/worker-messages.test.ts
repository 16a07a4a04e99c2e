import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portKey } from './worker-messages.ts';

test('doors with the same address of port 0 are told apart by the key that they stand under', () => {
  assert.notEqual(portKey('gateway.listen', '127.0.0.1:0'), portKey('egress.listen', '127.0.0.1:0'));
  assert.equal(portKey('gateway.listen', '127.0.0.1:0'), portKey('gateway.listen', '127.0.0.1:0'));
});
