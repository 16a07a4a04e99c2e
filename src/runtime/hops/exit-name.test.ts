import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitName } from './exit-name.ts';

test('a proxy is known by its hop and its own name, or by the hop alone where that is its name', () => {
  assert.equal(exitName('exits', 'fr-1'), 'exits/fr-1');
  assert.equal(exitName('corporate', 'corporate'), 'corporate');
});
