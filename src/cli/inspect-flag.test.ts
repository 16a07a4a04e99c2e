import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectWishOf } from './inspect-flag.ts';

test('the place of an inspector is an address, a port of this machine, or nowhere', () => {
  assert.equal(inspectWishOf({}), 'usual');
  assert.equal(inspectWishOf({ inspect: 'off' }), 'off');
  assert.deepEqual(inspectWishOf({ inspect: '4041' }), { listen: '127.0.0.1:4041' });
  assert.deepEqual(inspectWishOf({ inspect: '[::1]:0' }), { listen: '[::1]:0' });
  assert.throws(() => inspectWishOf({ inspect: 'unix:/tmp/x' }), { code: 'usage', message: /HOST:PORT or "off"/ });
});
