import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BORROW, digestOf, RENEW } from './redis-scripts.ts';

test('a script is known by the digest that Redis makes of it', () => {
  assert.equal(digestOf('return 1'), 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db');
  assert.notEqual(digestOf(BORROW), digestOf(RENEW));
});
