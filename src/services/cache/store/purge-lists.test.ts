import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, keep } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';
import type { PurgeOrder } from './purge-lists.ts';

const URLS = [
  'http://a.test/one',
  'http://a.test/one/two',
  'http://a.test:8080/one',
  'http://b.a.test/',
  'http://ba.test/',
] as const;

function left(order: PurgeOrder): number[] {
  const store = new CacheStore({ maxBytes: 1_000_000 });
  for (const [index, url] of URLS.entries()) keep(store, url, 'x', { tags: [`t${index}`, 'all'] });
  store.purge(order);
  return URLS.flatMap((url, index) => (found(store, url) === null ? [] : [index]));
}

test('a purge meets what it is meant for and nothing else', () => {
  assert.deepEqual(left({ kind: 'key', key: URLS[0] }), [1, 2, 3, 4]);
  assert.deepEqual(left({ kind: 'url', url: URLS[1] }), [0, 2, 3, 4]);
  assert.deepEqual(left({ kind: 'prefix', prefix: 'http://a.test/one' }), [2, 3, 4]);
  assert.deepEqual(left({ kind: 'prefix', prefix: 'http://a' }), [3, 4]);
  assert.deepEqual(left({ kind: 'host', pattern: 'a.test' }), [3, 4]);
  assert.deepEqual(left({ kind: 'host', pattern: '*.A.test' }), [0, 1, 2, 4]);
  assert.deepEqual(left({ kind: 'host', pattern: '*a.test' }), []);
  assert.deepEqual(left({ kind: 'tag', tag: 't4' }), [0, 1, 2, 3]);
  assert.deepEqual(left({ kind: 'tag', tag: 'all' }), []);
  assert.deepEqual(left({ kind: 'tag', tag: 'none' }), [0, 1, 2, 3, 4]);
  assert.deepEqual(left({ kind: 'all' }), []);
});
