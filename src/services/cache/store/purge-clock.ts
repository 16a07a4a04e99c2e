// Remembers what was purged lately, for what was being fetched meanwhile: it is as old as what was purged, and is not to come into the cache
// behind the back of who purged it. Rule: counted by hashes, so that now and then something is not kept that could have been.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */
import { hash32 } from '../../balance/hash.ts';
import type { AnswerMeta } from '../answer-meta.ts';
import type { PurgeOrder } from './purge-lists.ts';

/** How many purges there were; the last of those that cannot be told by one hash; the last by more than a key or URL; then for each hash. */
const NOW = 0;
const WIDE = 1;
const LOOSE = 2;
const FIRST = 3;
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
    if (order.kind !== 'key' && order.kind !== 'url') this.#ints[LOOSE] = now;
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

  /** The same of what is being fetched, of which nothing is known but the key that it flies under: rather too often than not. */
  mayBePurged(since: number, flightKey: string): boolean {
    if (this.now === since) return false;
    const [key = ''] = flightKey.split('\n\n', 1);
    const [first = ''] = key.split('\n', 1);
    return (
      this.#ints[LOOSE]! > since ||
      this.#isAfter(since, SEEDS.key, key) ||
      this.#isAfter(since, SEEDS.url, first.slice(first.lastIndexOf(' ') + 1))
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
