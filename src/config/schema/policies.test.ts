import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cachePolicy } from './policies-cache.ts';
import { compress } from './policies-compress.ts';
import { policiesSchema, retryPolicy } from './policies.ts';

describe('policies', () => {
  test('that are not there stay away, so that a farther place decides', () =>
    assert.deepEqual(policiesSchema.parse({}), {}));

  test('that are false are off', () => {
    const off = {
      acl: false,
      filter: false,
      scan: false,
      rate_limit: false,
      cache: false,
      compress: false,
      headers: false,
      retry: false,
    };
    assert.deepEqual(policiesSchema.parse(off), off);
  });

  test('that are empty maps have their defaults', () => {
    const noChanges = { set: {}, add: {}, remove: [] };
    assert.deepEqual(
      policiesSchema.parse({ acl: {}, filter: {}, rate_limit: {}, cache: {}, compress: {}, headers: {}, retry: {} }),
      {
        acl: { allow: [], deny: [], trusted_proxies: [] },
        filter: { mode: 'blocklist', domains: [], files: [] },
        rate_limit: { per: 'client_ip', rate: 100, burst: null },
        cache: cachePolicy.parse({}),
        compress: compress.parse({}),
        headers: { security: false, hsts: null, csp: null, cors: null, request: noChanges, response: noChanges },
        retry: { attempts: 2, on_status: [502, 503, 504], budget: 0.2, within: null },
      },
    );
  });

  test('refuse what they do not know', () => {
    for (const wrong of [
      { colour: {} },
      { cache: true },
      { cache: null },
      { cache: { ttl: '5s' } },
      { auth: 'everybody' },
      { scan: {} },
      { scan: { clamd: 'nowhere' } },
      { acl: { allow: ['example.com'] } },
      { compress: { encodings: [] } },
      { rate_limit: { per: 'everybody' } },
      { rate_limit: { per: { header: 'a b' } } },
      { headers: { request: { set: { 'X A': 'b' } } } },
      { headers: { request: { set: { HOST: 'b' } } } },
      { headers: { request: { add: { 'X-Forwarded-For': 'b' } } } },
      { headers: { request: { remove: ['Content-Length'] } } },
      { headers: { response: { set: { 'Transfer-Encoding': 'b' } } } },
      { headers: { response: { set: { A: 'b\u0001' } } } },
    ]) {
      assert.ok(!policiesSchema.safeParse(wrong).success, JSON.stringify(wrong));
    }
  });

  test('count by whatever is named', () => {
    for (const per of ['client_ip', 'user', 'route', 'global', { header: 'X-Api-Key' }]) {
      assert.deepEqual(policiesSchema.parse({ rate_limit: { per } }).rate_limit, { per, rate: 100, burst: null });
    }
  });

  test('let fields be taken out that a client says of itself', () => {
    const remove = ['X-Forwarded-For', 'Forwarded'];
    assert.ok(policiesSchema.safeParse({ headers: { request: { remove } } }).success);
  });
});

test('retries have the default of whoever uses them, and a bound', () => {
  assert.equal(retryPolicy(3).parse({}).attempts, 3);
  assert.ok(!retryPolicy(3).safeParse({ attempts: 11 }).success);
  assert.ok(!retryPolicy(3).safeParse({ budget: '120%' }).success);
});
