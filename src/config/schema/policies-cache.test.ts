import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachePolicy } from './policies-cache.ts';

test('a cache keeps by default what nobody would be surprised to see again', () => {
  assert.deepEqual(cachePolicy.parse({}), {
    max_memory: null,
    default_ttl: null,
    status_ttl: {},
    heuristics: false,
    stale_while_revalidate: 0,
    stale_if_error: 0,
    max_object: null,
    set_cookie: 'keep',
    key: { ignore_query: [], sort_query: false, headers: [], cookies: [] },
    bypass: { headers: [], cookies: [] },
    cache_status: true,
  });
});

test('settings of a cache are read as a person writes them', () => {
  const { status_ttl, heuristics, key } = cachePolicy.parse({
    status_ttl: { 404: '10s' },
    heuristics: {},
    key: { headers: ['X-Tenant'] },
  });
  assert.deepEqual([status_ttl, heuristics], [{ 404: 10_000 }, { share: 0.1, max: 86_400_000 }]);
  assert.equal(key.headers.length, 1);
});

test('settings of a cache that are none are refused', () => {
  for (const wrong of [
    { status_ttl: { 99: '1s' } },
    { status_ttl: { 404: 10 } },
    { default_ttl: '-1s' },
    { heuristics: true },
    { set_cookie: 'hide' },
    { key: { headers: ['a b'] } },
    { bypass: { cookies: [''] } },
  ]) {
    assert.ok(!cachePolicy.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
