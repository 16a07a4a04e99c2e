import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPathOf, tagOf } from './conditional-writes.ts';

test('the state of what is written can be read somewhere', () => {
  const found = [
    '/api/v1/proxies/a%2Fb/test',
    '/api/v1/proxies/a%2Fb',
    '/api/v1/tunnels/web',
    '/api/v1/tunnels/accounts',
    '/api/v1/tunnels/accounts/7/token',
    '/api/v1/tunnels/invitations/7',
    '/api/v1/tunnels/requests/forget',
    '/admin/cache',
    '/api/v1/reload',
  ].map(readPathOf);
  assert.deepEqual(found, [
    '/api/v1/proxies/a%2Fb',
    '/api/v1/proxies/a%2Fb',
    '/api/v1/tunnels',
    '/api/v1/tunnels/accounts',
    '/api/v1/tunnels/accounts/7',
    '/api/v1/tunnels/invitations',
    '/api/v1/tunnels/requests',
    '/admin/cache/stats',
    null,
  ]);
});

test('a tag is that of what can be changed', () => {
  const state = { id: 'a', weight: 1, stats: { bytes: 1 } };
  assert.equal(tagOf(state), tagOf({ ...state, stats: { bytes: 2 }, healthy: false }));
  assert.notEqual(tagOf(state), tagOf({ ...state, weight: 2 }));
});
