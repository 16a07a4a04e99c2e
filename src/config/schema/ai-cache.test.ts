import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aiCacheSchema, providerCacheSchema } from './ai-cache.ts';

const DEFAULTS = { ttl: 600_000, max_memory: 64 * 1024 * 1024, max_request: 1024 * 1024, shared: false };

test('a cache of answers is off, or has settings; a provider may leave it to the section', () => {
  assert.deepEqual(aiCacheSchema.parse({}), DEFAULTS);
  assert.deepEqual(aiCacheSchema.parse({ ttl: '1h', shared: true }), { ...DEFAULTS, ttl: 3_600_000, shared: true });
  assert.equal(aiCacheSchema.parse(false), false);
  assert.equal(providerCacheSchema.parse(null), null);
  assert.deepEqual(providerCacheSchema.parse({}), DEFAULTS);
});

test('a cache of answers with settings that are none is refused', () => {
  for (const wrong of [true, null, 'on', { ttl: '0s' }, { ttl: 5 }, { max_memory: 'much' }, { share: true }]) {
    assert.ok(!aiCacheSchema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
