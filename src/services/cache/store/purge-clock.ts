// Remembers what was purged lately, for what was being fetched meanwhile: it is as old as what was purged, and is not to come into the cache
// behind the back of who purged it. Rule: counted by hashes, so that now and then something is not kept that could have been.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */
import { hash32 } from '../../balance/hash.ts';
import type { AnswerMeta } from '../answer-meta.ts';
import type { PurgeOrder } from './purge-lists.ts';

/** How many purges there were; the last of those that cannot be told by one hash; then the last for each hash. */
const NOW = 0;
const WIDE = 1;
const FIRST = 2;
const PLACES = 8192;
export const PURGE_INTS: number = FIRST + PLACES;

const SEEDS = { key: 1, url: 2, host: 3, tag: 4 } as const;

export class PurgeClock {
  readonly #ints: Int32Array<SharedArrayBuffer>;

  constructor(ints: Int32Array<SharedArrayBuffer>) {
    this.#ints = ints;
  }

  get now(): number {
    return Atomics.load(this.#ints, NOW);
  }

  /** Under the lock. */
  note(order: PurgeOrder): void {
    const now = Atomics.add(this.#ints, NOW, 1) + 1;
    this.#ints[placeOf(order)] = now;
  }

  /** Under the lock: whether it was meant by a purge after `since`. */
  isPurged(since: number, key: string, { url, host, tags }: AnswerMeta): boolean {
    if (this.now === since) return false;
    return (
      this.#ints[WIDE]! > since ||
      this.#isAfter(since, SEEDS.key, key) ||
      this.#isAfter(since, SEEDS.url, url) ||
      this.#isAfter(since, SEEDS.host, host) ||
      tags.some((tag) => this.#isAfter(since, SEEDS.tag, tag))
    );
  }

  #isAfter(since: number, seed: number, text: string): boolean {
    return this.#ints[place(seed, text)]! > since;
  }
}

function placeOf(order: PurgeOrder): number {
  if (order.kind === 'key') return place(SEEDS.key, order.key);
  if (order.kind === 'url') return place(SEEDS.url, order.url);
  if (order.kind === 'tag') return place(SEEDS.tag, order.tag);
  if (order.kind === 'host' && !order.pattern.includes('*')) return place(SEEDS.host, order.pattern.toLowerCase());
  return WIDE;
}

function place(seed: number, text: string): number {
  return FIRST + (hash32(text, seed) % PLACES);
}
