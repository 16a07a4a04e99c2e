import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheStatus } from './cache-status.ts';

test('what was done is said by the words of RFC 9211', () => {
  assert.equal(cacheStatus('sluice', { hit: true, ttl: 376.9 }), 'sluice; hit; ttl=376');
  assert.equal(
    cacheStatus('sluice', { hit: false, fwd: 'uri-miss', fwdStatus: 200, stored: true, collapsed: true }),
    'sluice; fwd=uri-miss; fwd-status=200; stored; collapsed',
  );
  assert.equal(
    cacheStatus('sluice', { hit: true, ttl: -1.5, detail: 'stale-if-error' }),
    'sluice; hit; ttl=-2; detail=stale-if-error',
  );
});
