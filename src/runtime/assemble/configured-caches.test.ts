import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { configuredCaches } from './configured-caches.ts';

test('places share one store, but for those that say how much they want for themselves', () => {
  assert.deepEqual([...configuredCaches(configOf({}))], []);
  const config = configOf({
    policies: { cache: {} },
    gateway: {
      policies: { cache: false },
      routes: [{ to: { respond: {} }, policies: { cache: { max_memory: '2MB' } } }],
    },
  });
  assert.deepEqual(
    [...configuredCaches(config)],
    [
      ['', 256_000_000],
      ['gateway.routes[0].policies', 2_000_000],
    ],
  );
});
