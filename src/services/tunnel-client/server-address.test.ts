import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerAddress, serverName } from './server-address.ts';

test('a tunnel server is spoken to in the clear only on this machine, or where that was asked for', () => {
  const name = (text: string): string => serverName(parseServerAddress(text));
  assert.equal(name('localhost:6400'), 'ws://localhost:6400');
  assert.equal(name('[::1]'), 'ws://[::1]:6400');
  assert.equal(name('localhost.evil.test:6400'), 'wss://localhost.evil.test:6400');
  assert.equal(name('https://t.test/'), 'wss://t.test:443');
  assert.equal(name('ws://t.test'), 'ws://t.test:80');
  for (const wrong of ['', 'ftp://a', 'a:99999', 'a b'])
    assert.throws(() => parseServerAddress(wrong), { code: 'usage' });
});
