import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheDesk } from '../services/cache/cache-desk.ts';
import { cacheFamilies } from './cache-metrics.ts';

test('the cache is told of in numbers, and not at all where there is none', () => {
  const desk = new CacheDesk();
  assert.deepEqual(cacheFamilies(desk.stats()), []);
  const counts = { hits: 1, misses: 1, stale: 0, coalesced: 0, evictions: 2, servedBytes: 5, stored: 3, purged: 4 };
  desk.serve({
    purge: () => 0,
    stats: () => [{ entries: 7, bytes: 8, maxBytes: 9, diskBytes: 0, routes: [{ route: 'web', ...counts }] }],
  });
  const told = cacheFamilies(desk.stats()).map(({ definition, series }) => {
    return [definition.name, ...[...series.values()].map(({ labels, read }) => [labels['route'], read()[0]])];
  });
  assert.deepEqual(told, [
    ['sluice_cache_entries', [undefined, 7]],
    ['sluice_cache_bytes', [undefined, 8]],
    ['sluice_cache_max_bytes', [undefined, 9]],
    ['sluice_cache_disk_bytes', [undefined, 0]],
    ['sluice_cache_stored_total', ['web', 3]],
    ['sluice_cache_evictions_total', ['web', 2]],
    ['sluice_cache_purged_total', ['web', 4]],
    ['sluice_cache_served_bytes_total', ['web', 5]],
  ]);
});
