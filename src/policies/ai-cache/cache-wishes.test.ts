import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheWishes, type CacheWishes } from './cache-wishes.ts';

function wishesOf(...lists: readonly string[]): CacheWishes {
  return cacheWishes({ has: () => lists.length > 0, getAll: () => [...lists] });
}

test('a request may wish to be left out, to be asked anew, or for nothing older', () => {
  const none = { isOut: false, isFresh: false, maxAgeMs: Infinity };
  assert.deepEqual(wishesOf(), none);
  assert.deepEqual(wishesOf('no-transform, max-stale=5', 'max-age=x'), none);
  assert.deepEqual(wishesOf('a, No-Store'), { ...none, isOut: true });
  assert.deepEqual(wishesOf('no-cache', 'max-age=7'), { ...none, isFresh: true, maxAgeMs: 7000 });
  assert.deepEqual(wishesOf('max-age="0"'), { ...none, maxAgeMs: 0 });
});
