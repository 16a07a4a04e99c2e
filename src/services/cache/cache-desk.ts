// What people ask of the cache: how it does, and that something in it be gone. Rule: whatever stores there are at the time are all asked;
// where there is none, everything is zero and nothing was purged.
import type { RouteCounts } from './store/cache-counters.ts';
import type { CacheStats } from './store/cache-store.ts';
import type { PurgeOrder } from './store/purge-lists.ts';
import type { PurgeWish } from './purge-wish.ts';

/** The stores of all threads, seen from the main one. */
export interface CacheStores {
  purge(order: PurgeOrder, isSoft: boolean): number;
  stats(): readonly CacheStats[];
}

/** As it is said in JSON; sizes in bytes. */
export interface CacheCountsAnswer {
  readonly hits: number;
  readonly misses: number;
  readonly stale: number;
  readonly coalesced: number;
  readonly stored: number;
  readonly evictions: number;
  readonly purged: number;
  readonly served_bytes: number;
  /** Of all that were looked for; null: nothing was. */
  readonly hit_ratio: number | null;
}

export interface CacheRouteAnswer extends CacheCountsAnswer {
  readonly route: string;
}

export interface CacheStatsAnswer extends CacheCountsAnswer {
  readonly entries: number;
  readonly bytes: number;
  readonly max_bytes: number;
  /** On the disk, beside those. */
  readonly disk_bytes: number;
  readonly routes: CacheRouteAnswer[];
}

export interface PurgedAnswer {
  /** How many answers were meant and are gone, or stale if it was softly. */
  readonly purged: number;
  readonly soft: boolean;
}

/** Other nodes that have to purge the same. */
export interface OtherNodes {
  tell(wish: PurgeWish): void;
  close(): void;
}

const NO_STORES: CacheStores = { purge: () => 0, stats: () => [] };
const RATIO_DIGITS = 4;

export class CacheDesk {
  #stores: CacheStores = NO_STORES;
  #others: OtherNodes | null = null;

  serve(stores: CacheStores): void {
    this.#stores = stores;
  }

  share(others: OtherNodes): void {
    this.#others = others;
  }

  close(): void {
    this.#others?.close();
    this.#others = null;
  }

  purge(wish: PurgeWish): PurgedAnswer {
    this.#others?.tell(wish);
    return this.purgeHere(wish);
  }

  /** On this node alone. */
  purgeHere({ orders, isSoft }: PurgeWish): PurgedAnswer {
    const purged = orders.reduce((count, order) => count + this.#stores.purge(order, isSoft), 0);
    return { purged, soft: isSoft };
  }

  stats(): CacheStatsAnswer {
    const all = this.#stores.stats();
    const routes = byRoute(all.flatMap((each) => each.routes));
    return {
      entries: sumOf(all, ({ entries }) => entries),
      bytes: sumOf(all, ({ bytes }) => bytes),
      max_bytes: sumOf(all, ({ maxBytes }) => maxBytes),
      disk_bytes: sumOf(all, ({ diskBytes }) => diskBytes),
      ...countsOf(routes.flatMap(({ counts }) => counts)),
      routes: routes.map(({ route, counts }) => ({ route, ...countsOf(counts) })),
    };
  }
}

/** A route may have answers in several stores, of places that have memory of their own. */
function byRoute(counts: readonly RouteCounts[]): { route: string; counts: RouteCounts[] }[] {
  const found = Map.groupBy(counts, ({ route }) => route);
  return [...found].map(([route, of]) => ({ route, counts: of })).sort((a, b) => (a.route < b.route ? -1 : 1));
}

function countsOf(counts: readonly RouteCounts[]): CacheCountsAnswer {
  const hits = sumOf(counts, (each) => each.hits);
  const misses = sumOf(counts, (each) => each.misses);
  const coalesced = sumOf(counts, (each) => each.coalesced);
  const asked = hits + misses + coalesced;
  return {
    hits,
    misses,
    stale: sumOf(counts, (each) => each.stale),
    coalesced,
    stored: sumOf(counts, (each) => each.stored),
    evictions: sumOf(counts, (each) => each.evictions),
    purged: sumOf(counts, (each) => each.purged),
    served_bytes: sumOf(counts, (each) => each.servedBytes),
    hit_ratio: asked === 0 ? null : Number(((hits + coalesced) / asked).toFixed(RATIO_DIGITS)),
  };
}

function sumOf<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((sum, each) => sum + of(each), 0);
}
