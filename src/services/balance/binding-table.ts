// Which member a key is bound to, for keys that have to stay where they are whatever becomes of the others, in memory that every
// thread reads and writes. Rule: the size is fixed; where there is no room left, the key unused for longest is forgotten.
import { randomInt } from 'node:crypto';
import { SetLocks } from '../limiter/set-locks.ts';
import { hash32 } from './hash.ts';
import { sharedNow } from './shared-clock.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every offset lies within the memory that the constructor laid out. */

/** Places that a key may have; they are looked through together. */
const WAYS = 8;
const SETS = 4096;
/** Two parts of the key, whom it is bound to, and when it was last used. */
const INTS_PER_PLACE = 4;
const SEEDS = 2;
const PLACES_AT = SEEDS * 4;
const LOCKS_AT = PLACES_AT + SETS * WAYS * INTS_PER_PLACE * 4;
const MAX_SEED = 2 ** 31;

/** As long as what a provider keeps of a conversation, so that it need not read it all again. */
const HOLDS_SECONDS = 3600;

export const BINDING_BYTES: number = LOCKS_AT + SETS * 4;
export const UNBOUND = 0;

export interface BindingTableOptions {
  /** Nobody else has used it yet. */
  readonly isFirst: boolean;
  /** Milliseconds, the same in all threads. */
  readonly now?: () => number;
}

export class BindingTable {
  readonly #now: () => number;
  readonly #seeds: Int32Array;
  readonly #places: Int32Array;
  readonly #locks: SetLocks;

  /** Lies at `at` of the memory and takes `BINDING_BYTES` of it. */
  constructor(memory: SharedArrayBuffer, at: number, { isFirst, now = sharedNow }: BindingTableOptions) {
    this.#now = now;
    this.#seeds = new Int32Array(memory, at, SEEDS);
    // Nobody outside can know which keys meet.
    if (isFirst) this.#seeds.set([randomInt(MAX_SEED), randomInt(MAX_SEED)]);
    this.#places = new Int32Array(memory, at + PLACES_AT, SETS * WAYS * INTS_PER_PLACE);
    this.#locks = new SetLocks(new Int32Array(memory, at + LOCKS_AT, SETS));
  }

  /** The hash of the member that the key of that group is bound to, or UNBOUND. */
  find(group: string, key: string, isUse = true): number {
    const { high, low, set } = this.#keyOf(group, key);
    this.#locks.take(set);
    const place = this.#find(set, high, low);
    const member = place < 0 ? UNBOUND : this.#places[place + 2]!;
    if (place >= 0 && isUse) this.#places[place + 3] = this.#seconds;
    this.#locks.give(set);
    return member;
  }

  /** Binds it to another member than `instead`, and says to whom: to the one that another thread has found meanwhile, if there is one. */
  bind(group: string, key: string, member: number, instead: number): number {
    const { high, low, set } = this.#keyOf(group, key);
    this.#locks.take(set);
    const known = this.#find(set, high, low);
    const before = known < 0 ? UNBOUND : this.#places[known + 2]!;
    const bound = before === UNBOUND || before === instead ? member : before;
    this.#places.set([high, low, bound, this.#seconds], known < 0 ? this.#oldest(set) : known);
    this.#locks.give(set);
    return bound;
  }

  #keyOf(group: string, key: string): { readonly high: number; readonly low: number; readonly set: number } {
    const scope = hash32(group, this.#seeds[0]);
    const high = hash32(key, scope) | 0;
    return { high, low: hash32(key, scope ^ this.#seeds[1]!) | 0, set: (high >>> 0) % SETS };
  }

  #find(set: number, high: number, low: number): number {
    const places = this.#places;
    for (let way = 0; way < WAYS; way += 1) {
      const at = (set * WAYS + way) * INTS_PER_PLACE;
      if (places[at] !== high || places[at + 1] !== low || places[at + 2] === UNBOUND) continue;
      if (this.#seconds - places[at + 3]! < HOLDS_SECONDS) return at;
    }
    return -1;
  }

  #oldest(set: number): number {
    const places = this.#places;
    let oldest = set * WAYS * INTS_PER_PLACE;
    for (let way = 0; way < WAYS; way += 1) {
      const at = (set * WAYS + way) * INTS_PER_PLACE;
      if (places[at + 2] === UNBOUND) return at;
      if (places[at + 3]! < places[oldest + 3]!) oldest = at;
    }
    return oldest;
  }

  get #seconds(): number {
    return Math.floor(this.#now() / 1000) | 0;
  }
}
