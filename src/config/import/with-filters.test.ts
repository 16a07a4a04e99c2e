import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withFilters } from './with-filters.ts';

test('domains of both files count', () => {
  const proxy = { server: {}, security: { filtering: { mode: 'blocklist', domains: { blocked: ['a'] } }, other: 1 } };
  const filters = [
    { filtering: { domains: { blocked: ['b'], allowed: ['c'] } } },
    { domains: { blocked: ['d'] }, mode: 'allowlist' },
  ];
  assert.deepEqual(withFilters(proxy, filters), {
    server: {},
    security: { filtering: { mode: 'allowlist', domains: { blocked: ['a', 'b', 'd'], allowed: ['c'] } }, other: 1 },
  });
  assert.deepEqual(withFilters({}, [{ mode: 'blocklist' }]), { security: { filtering: { mode: 'blocklist' } } });
  assert.equal(withFilters(proxy, []), proxy);
});
