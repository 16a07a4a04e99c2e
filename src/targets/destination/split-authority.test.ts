import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { splitAuthority } from './split-authority.ts';

describe('an authority', () => {
  for (const [authority, host, port] of [
    ['a.test', 'a.test', 80],
    ['a.test:', 'a.test', 80],
    ['a.test:443', 'a.test', 443],
    ['[::1]', '::1', 80],
    ['[::1]:8080', '::1', 8080],
  ] as const) {
    test(`${authority} is ${host} and ${port}`, () => {
      assert.deepEqual(splitAuthority(authority, 80), { host, port });
    });
  }
});
