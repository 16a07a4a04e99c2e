// What the cache did, by route. Rule: every thread counts in numbers of its own, and only who asks adds them up.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */
import { hash32 } from '../../balance/hash.ts';
import { COUNTERS, HEADER, ROUTE_BYTES, type StoreMemory } from './store-memory.ts';

const COUNTER = {
  HITS: 0,
  MISSES: 1,
  STALE: 2,
  COALESCED: 3,
  EVICTIONS: 4,
  SERVED_BYTES: 5,
  STORED: 6,
  PURGED: 7,
} as const;
const MOST_NAME = ROUTE_BYTES - 1;

export interface RouteCounts {
  readonly route: string;
  readonly hits: number;
  readonly misses: number;
  readonly stale: number;
  readonly coalesced: number;
  readonly evictions: number;
  readonly servedBytes: number;
  readonly stored: number;
  readonly purged: number;
}

export class CacheCounters {
  readonly #memory: StoreMemory;
  readonly #base: number;
  readonly #ids = new Map<string, number>();

  constructor(memory: StoreMemory, thread: number) {
    this.#memory = memory;
    this.#base = (thread * memory.routeNames.length * COUNTERS) / ROUTE_BYTES;
  }

  hit(route: number, bytes: number): void {
    this.#add(route, COUNTER.HITS, 1);
    this.#add(route, COUNTER.SERVED_BYTES, bytes);
  }

  /** Was given though it was not fresh; counts as a hit as well. */
  stale(route: number): void {
    this.#add(route, COUNTER.STALE, 1);
  }

  missed(route: number): void {
    this.#add(route, COUNTER.MISSES, 1);
  }

  /** Has got the answer that somebody else fetched. */
  coalesced(route: number, bytes: number): void {
    this.#add(route, COUNTER.COALESCED, 1);
    this.#add(route, COUNTER.SERVED_BYTES, bytes);
  }

  evicted(route: number): void {
    this.#add(route, COUNTER.EVICTIONS, 1);
  }

  stored(route: number): void {
    this.#add(route, COUNTER.STORED, 1);
  }

  purged(route: number, count = 1): void {
    this.#add(route, COUNTER.PURGED, count);
  }

  known(route: string): number | undefined {
    return this.#ids.get(route);
  }

  /** The number of a route, on whichever thread; under the lock. Routes beyond the room share a number. */
  idOf(route: string): number {
    const known = this.#ids.get(route);
    if (known !== undefined) return known;
    const id = this.#find(route);
    this.#ids.set(route, id);
    return id;
  }

  byRoute(): readonly RouteCounts[] {
    const { routeNames, header } = this.#memory;
    const routes = routeNames.length / ROUTE_BYTES;
    const all: RouteCounts[] = [];
    for (let id = 0; id < routes; id += 1) {
      const length = routeNames[id * ROUTE_BYTES]!;
      if (length > 0) all.push(this.#counts(id, header[HEADER.THREADS]!, routes));
    }
    return all;
  }

  #counts(id: number, threads: number, routes: number): RouteCounts {
    const sum = (counter: number): number => {
      let total = 0;
      for (let thread = 0; thread < threads; thread += 1) {
        total += this.#memory.counters[(thread * routes + id) * COUNTERS + counter]!;
      }
      return total;
    };
    return {
      route: this.#nameOf(id),
      hits: sum(COUNTER.HITS),
      misses: sum(COUNTER.MISSES),
      stale: sum(COUNTER.STALE),
      coalesced: sum(COUNTER.COALESCED),
      evictions: sum(COUNTER.EVICTIONS),
      servedBytes: sum(COUNTER.SERVED_BYTES),
      stored: sum(COUNTER.STORED),
      purged: sum(COUNTER.PURGED),
    };
  }

  #add(route: number, counter: number, by: number): void {
    this.#memory.counters[this.#base + route * COUNTERS + counter]! += by;
  }

  #nameOf(id: number): string {
    const at = id * ROUTE_BYTES;
    const { routeNames } = this.#memory;
    return Buffer.from(routeNames.subarray(at + 1, at + 1 + routeNames[at]!)).toString();
  }

  #find(route: string): number {
    const { routeNames } = this.#memory;
    const routes = routeNames.length / ROUTE_BYTES;
    const name = nameBytes(route);
    const start = hash32(route) % routes;
    for (let step = 0; step < routes; step += 1) {
      const id = (start + step) % routes;
      if (routeNames[id * ROUTE_BYTES] === 0) {
        routeNames.set(name, id * ROUTE_BYTES + 1);
        routeNames[id * ROUTE_BYTES] = name.length;
        return id;
      }
      if (this.#nameOf(id) === name.toString()) return id;
    }
    return start;
  }
}

/** A name that is too long is told from others by its hash. */
function nameBytes(route: string): Buffer {
  const bytes = Buffer.from(route === '' ? '-' : route);
  if (bytes.length <= MOST_NAME) return bytes;
  const end = `~${hash32(route).toString(36)}`;
  return Buffer.concat([bytes.subarray(0, MOST_NAME - end.length), Buffer.from(end)]);
}
