// What a cache goes by in one place of the configuration. Types only. Rule: everything here is decided at load time.
import type { Copier } from '../../services/cache/copier.ts';
import type { KeyParts } from '../../services/cache/rules/cache-key.ts';
import type { StoreRules } from '../../services/cache/rules/storable.ts';
import type { CacheTier } from '../../services/cache/tier/cache-tier.ts';
import type { CacheStore } from '../../services/cache/store/cache-store.ts';

/** What became of a request, for who counts. */
export type CacheResult =
  | 'hit'
  | 'stale'
  | 'revalidated'
  | 'coalesced'
  | 'miss'
  | 'uncacheable'
  | 'stale_on_error'
  | 'bypass';

export interface CacheOptions {
  /** What is kept lies here. */
  readonly store: CacheStore;
  /** What nodes share; null: nothing. */
  readonly tier: CacheTier | null;
  readonly rules: StoreRules;
  /** Makes copies in other encodings; null: what is kept is given as it came. */
  readonly copier: Copier | null;
  readonly key: KeyParts;
  /** Requests with one of these fields or cookies have nothing to do with the cache. */
  readonly bypassHeaders: readonly string[];
  readonly bypassCookies: readonly string[];
  /** A longer body is not kept. */
  readonly maxObjectBytes: number;
  /** How Cache-Status calls us; null: it is not said. */
  readonly statusName: string | null;
  /** Of requests that name it: that of the client's connection to a gateway, and always http through a forward proxy. */
  readonly isForwardProxy: boolean;
  /** For a request in the background. */
  readonly askTimeoutMs: number;
  readonly count: (route: string, result: CacheResult) => void;
  readonly nowMs?: () => number;
}
