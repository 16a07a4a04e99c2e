import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientKeys } from './client-keys.ts';

test('addresses of one IPv6 network have one name, and IPv4 addresses each their own', () => {
  const keys = new ClientKeys();
  for (const [address, key] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8:1:2::9', '2001:db8:1:2::'],
    ['2001:db8:1:3::9', '2001:db8:1:3::'],
    ['', ''],
    ['a:b', 'a:b'],
  ] as const) {
    assert.equal(keys.of(address), key);
    assert.equal(keys.of(address), key);
  }
  for (let i = 0; i < 10_000; i += 1) keys.of(`2001:db8::${i.toString(16)}`);
  assert.equal(keys.of('2001:db8:1:2::9'), '2001:db8:1:2::');
});
