// The cache as metric families, made when somebody asks. What became of requests is counted by the policy, not here.
import type { CacheStatsAnswer } from '../services/cache/cache-desk.ts';
import { liveFamily } from '../telemetry/live-family.ts';
import type { MetricFamily } from '../telemetry/metrics-view.ts';

const ENTRIES = { type: 'gauge', name: 'sluice_cache_entries', help: 'Answers that the cache keeps.' } as const;
const BYTES = {
  type: 'gauge',
  name: 'sluice_cache_bytes',
  help: 'Memory that the answers of the cache take, with all that is known of them.',
} as const;
const MAX_BYTES = { type: 'gauge', name: 'sluice_cache_max_bytes', help: 'Memory that the cache may take.' } as const;
const DISK_BYTES = { type: 'gauge', name: 'sluice_cache_disk_bytes', help: 'What the cache has on the disk.' } as const;
const STORED = {
  type: 'counter',
  name: 'sluice_cache_stored_total',
  help: 'Answers that were put into the cache.',
} as const;
const EVICTED = {
  type: 'counter',
  name: 'sluice_cache_evictions_total',
  help: 'Answers that gave way to others in the cache.',
} as const;
const PURGED = { type: 'counter', name: 'sluice_cache_purged_total', help: 'Answers that were purged.' } as const;
const SERVED = {
  type: 'counter',
  name: 'sluice_cache_served_bytes_total',
  help: 'Bytes of bodies that were given from the cache.',
} as const;

/** None where there is no cache. */
export function cacheFamilies(stats: CacheStatsAnswer): MetricFamily[] {
  const { entries, bytes, max_bytes: maxBytes, disk_bytes: diskBytes, routes } = stats;
  if (maxBytes === 0) return [];
  const byRoute = (of: (counts: (typeof routes)[number]) => number): [{ route: string }, number][] =>
    routes.map((counts) => [{ route: counts.route }, of(counts)]);
  return [
    liveFamily(ENTRIES, [[{}, entries]]),
    liveFamily(BYTES, [[{}, bytes]]),
    liveFamily(MAX_BYTES, [[{}, maxBytes]]),
    liveFamily(DISK_BYTES, [[{}, diskBytes]]),
    liveFamily(
      STORED,
      byRoute(({ stored }) => stored),
    ),
    liveFamily(
      EVICTED,
      byRoute(({ evictions }) => evictions),
    ),
    liveFamily(
      PURGED,
      byRoute(({ purged }) => purged),
    ),
    liveFamily(
      SERVED,
      byRoute(({ served_bytes: served }) => served),
    ),
  ];
}
