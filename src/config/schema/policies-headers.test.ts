import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { headersPolicy } from './policies-headers.ts';

describe('how long browsers are to come by TLS only', () => {
  const said = (hsts: unknown): string[] =>
    (headersPolicy.safeParse({ hsts }).error?.issues ?? []).map(({ message }) => message);

  test('is said by `security`, or here, or not at all', () => {
    assert.equal(headersPolicy.parse({}).hsts, null);
    assert.equal(headersPolicy.parse({ hsts: false }).hsts, false);
    assert.deepEqual(headersPolicy.parse({ hsts: {} }).hsts, {
      max_age: 31_536_000_000,
      include_subdomains: false,
      preload: false,
    });
  });

  test('is for the list of browsers only as they want it', () => {
    assert.deepEqual(said({ max_age: '730d', include_subdomains: true, preload: true }), []);
    for (const hsts of [{ preload: true }, { preload: true, include_subdomains: true, max_age: '30d' }]) {
      assert.match(JSON.stringify(headersPolicy.safeParse({ hsts }).error), /the list of browsers/);
    }
  });
});
