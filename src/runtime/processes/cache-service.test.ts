import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { cacheService } from './cache-service.ts';

const USERS = [{ name: 'alice', token: 'a-token-of-alice-1', may: ['admin'] }];
const CACHE = { cache: { default_ttl: '60s' } };

describe('the cache by the door of the gateway', () => {
  test('is there for those who may', () => {
    const service = cacheService(documentSchema.parse({ users: USERS, gateway: { policies: CACHE } }));
    assert.deepEqual([service?.permission, service?.paths], ['admin', ['/admin/cache', '/admin/cache/*']]);
  });

  test('is not there without a cache, or without users', () => {
    assert.equal(cacheService(documentSchema.parse({ users: USERS })), null);
    assert.equal(cacheService(documentSchema.parse({ gateway: { policies: CACHE } })), null);
  });
});
