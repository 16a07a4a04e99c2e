import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waysOf } from '../../../test/support/backend-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { originOfUrl } from '../registry.ts';

test('backends have a way of their own where hops are named, and only where the hops exist', () => {
  const ways = waysOf(configOf({ hops: { way: { proxy: 'http://127.0.0.1:1' } } }));
  assert.equal(ways.diallerOf([], originOfUrl('http://a.test')), null);
  assert.notEqual(ways.diallerOf(['way'], originOfUrl('https://a.test')), null);
  assert.throws(() => ways.diallerOf(['way', 'none'], originOfUrl('http://a.test')), { code: 'internal' });
  ways.dispose();
});
