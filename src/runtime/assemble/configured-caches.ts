// Which stores the policies of caching want: one for all, and one for each place that has memory of its own.
import type { Config } from '../../config/config.ts';
import { formatPath } from '../../config/key-path.ts';
import { policyPlaces } from '../../config/policy-places.ts';
import { MAIN_STORE } from '../../services/cache/store/cache-shelf.ts';

/** Their sizes in bytes, by the place that they are for. Without a policy that caches there is none. */
export function configuredCaches(config: Config): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  for (const { path, policies } of policyPlaces(config)) {
    const { cache } = policies;
    if (cache === undefined || cache === false) continue;
    if (cache.max_memory === null) wanted.set(MAIN_STORE, config.cache.max_memory);
    else wanted.set(formatPath(path), cache.max_memory);
  }
  return wanted;
}

/** The second tier of the store that all share. */
export function cacheDisk({ cache: { disk } }: Config): { readonly path: string; readonly maxBytes: number } | null {
  return disk === null ? null : { path: disk.path, maxBytes: disk.max };
}
