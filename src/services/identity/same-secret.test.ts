import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameSecret } from './same-secret.ts';

test('a secret is the same as itself and as nothing else', () => {
  assert.equal(isSameSecret('secret', 'secret'), true);
  for (const other of ['', 'secre', 'secret ', 'Secret', 'sécret']) assert.equal(isSameSecret(other, 'secret'), false);
});
