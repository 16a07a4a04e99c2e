// How much of its limit each key has used, for limits of any kind, in memory that every thread reads and writes: one limit holds
// across all of them. A key has one number, the time at which it will have paid for all that it took (GCRA, a token bucket without
// a clock of its own). Rule: the size is fixed; where there is no room left, the key that owes least is forgotten.
import { randomInt } from 'node:crypto';
import { hash32 } from '../balance/hash.ts';
import { sharedNow } from '../balance/shared-clock.ts';
import { SetLocks } from './set-locks.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every offset lies within the memory that the constructor laid out. */

/** Slots that a key may have; they are looked through together. */
const WAYS = 8;
const BYTES_PER_SLOT = 8 + 4 + 4;
const BYTES_PER_SET = WAYS * BYTES_PER_SLOT + 4;
/** 2 MiB of address space; memory is only taken by the part in use. */
const DEFAULT_CAPACITY = 131_072;
const HEADER_BYTES = 64;
const MAX_SEED = 2 ** 31;

/** Clocks of threads differ by less. */
const MOST_SKEW_MS = 1000;

export interface Limit {
  /** How long one request takes to be paid for. */
  readonly intervalMs: number;
  /** How many may come at once. */
  readonly burst: number;
}

export interface LimitTableOptions {
  /** The most keys that are remembered; a multiple of 8. Only the first table of the process decides. */
  readonly capacity?: number;
  /** The memory of the first table, for the tables of other threads. */
  readonly memory?: SharedArrayBuffer;
  readonly now?: () => number;
}

export class LimitTable {
  /** To be handed to other threads. */
  readonly memory: SharedArrayBuffer;
  readonly capacity: number;
  /** After `take`: how many more may come at once. */
  remaining = 0;
  /** After `take`: until everything is paid for. */
  resetMs = 0;
  /** After `take`: until one more may come; 0 when it was let through. */
  retryAfterMs = 0;
  readonly #now: () => number;
  readonly #seeds: Int32Array;
  readonly #paidAt: Float64Array;
  readonly #keys: Int32Array;
  readonly #locks: SetLocks;

  constructor({ capacity = DEFAULT_CAPACITY, memory, now = sharedNow }: LimitTableOptions = {}) {
    this.memory = memory ?? new SharedArrayBuffer(HEADER_BYTES + Math.max(1, capacity / WAYS) * BYTES_PER_SET);
    const sets = (this.memory.byteLength - HEADER_BYTES) / BYTES_PER_SET;
    this.capacity = sets * WAYS;
    this.#now = now;
    this.#seeds = new Int32Array(this.memory, 0, 2);
    this.#paidAt = new Float64Array(this.memory, HEADER_BYTES, this.capacity);
    this.#keys = new Int32Array(this.memory, HEADER_BYTES + this.capacity * 8, this.capacity * 2);
    this.#locks = new SetLocks(new Int32Array(this.memory, HEADER_BYTES + this.capacity * BYTES_PER_SLOT, sets));
    // Nobody outside can know which keys meet.
    if (memory === undefined) this.#seeds.forEach((_, index, seeds) => (seeds[index] = randomInt(MAX_SEED)));
  }

  /** Where keys of one limit begin that are not to meet those of another. */
  scope(name: string): number {
    return hash32(name, this.#seeds[0]) | 0;
  }

  /** Takes one request out of what the key may have. False: it is too much, and nothing was taken. */
  take(scope: number, key: string, limit: Limit): boolean {
    const high = hash32(key, scope) | 0;
    const low = hash32(key, scope ^ this.#seeds[1]!) | 0;
    const set = (high >>> 0) % this.#locks.count;
    this.#locks.take(set);
    const slot = this.#slotOf(set * WAYS, high, low);
    const isWithin = this.#charge(slot, limit);
    this.#locks.give(set);
    return isWithin;
  }

  /** How many requests of the key may come at once. */
  left(scope: number, key: string, { intervalMs, burst }: Limit): number {
    const high = hash32(key, scope) | 0;
    const low = hash32(key, scope ^ this.#seeds[1]!) | 0;
    const from = ((high >>> 0) % this.#locks.count) * WAYS;
    for (let slot = from; slot < from + WAYS; slot += 1) {
      if (this.#keys[slot * 2] !== high || this.#keys[slot * 2 + 1] !== low) continue;
      const owedMs = Math.max(0, this.#paidAt[slot]! - this.#now());
      return Math.max(0, Math.floor(burst - owedMs / intervalMs + 0.001));
    }
    return burst;
  }

  #charge(slot: number, { intervalMs, burst }: Limit): boolean {
    const now = this.#now();
    const allMs = intervalMs * burst;
    const known = Math.max(this.#paidAt[slot]!, now);
    // Of a limit that was stricter before a reload nothing is owed any more. What another thread has written is owed, though its
    // clock may go before ours: forgiving that would let more through, again and again.
    const paidAt = known > now + allMs + MOST_SKEW_MS ? now + allMs : known;
    const owedMs = paidAt - now + intervalMs;
    // Times are sums of intervals, whose last digits are not exact.
    const isWithin = owedMs <= allMs + intervalMs / 1000;
    this.#paidAt[slot] = isWithin ? paidAt + intervalMs : paidAt;
    this.retryAfterMs = isWithin ? 0 : owedMs - allMs;
    this.resetMs = isWithin ? owedMs : owedMs - intervalMs;
    this.remaining = Math.max(0, Math.floor((allMs - this.resetMs) / intervalMs + 0.001));
    return isWithin;
  }

  #slotOf(from: number, high: number, low: number): number {
    let least = from;
    for (let slot = from; slot < from + WAYS; slot += 1) {
      if (this.#keys[slot * 2] === high && this.#keys[slot * 2 + 1] === low) return slot;
      if (this.#paidAt[slot]! < this.#paidAt[least]!) least = slot;
    }
    this.#keys[least * 2] = high;
    this.#keys[least * 2 + 1] = low;
    this.#paidAt[least] = 0;
    return least;
  }
}
