import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localAddress } from './local-address.ts';

test('every address is called by loopback, one address by itself', () => {
  assert.deepEqual(
    ['http://0.0.0.0:80', 'https://[::]:443', 'http://0.0.0.0', 'http://10.0.0.1:80', 'unix:/a'].map(localAddress),
    ['http://127.0.0.1:80', 'https://127.0.0.1:443', 'http://127.0.0.1', 'http://10.0.0.1:80', 'unix:/a'],
  );
});
