// How many requests of each key are running, in memory that every thread reads and writes. A key is only remembered while
// something of it runs. Rule: each thread also counts its own, so that what a thread which has died leaves behind is taken back.
import { randomInt } from 'node:crypto';
import { hash32 } from '../balance/hash.ts';
import { SetLocks } from './set-locks.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every offset lies within the memory that the constructor laid out. */

/** Slots that a key may have; they are looked through together. */
const WAYS = 8;
/** More clients than have connections at once; memory is only taken by the part in use. */
const DEFAULT_CAPACITY = 65_536;
const HEADER_BYTES = 64;
/** In the header: two seeds, and for how many threads there is room. */
const THREADS = 2;
/** Two parts of the key, and how many run on all threads. */
const INTS_PER_SLOT = 3;
const MAX_SEED = 2 ** 31;

export interface RunningTableOptions {
  /** The most keys that are counted at once; a multiple of 8. Only the first table of the process decides. */
  readonly capacity?: number;
  /** How many threads will count. Only the first table of the process decides. */
  readonly threads?: number;
  /** Which of them counts here, from 0 on. */
  readonly thread?: number;
  /** The memory of the first table, for the tables of other threads. */
  readonly memory?: SharedArrayBuffer;
}

export class RunningTable {
  /** To be handed to other threads. */
  readonly memory: SharedArrayBuffer;
  readonly capacity: number;
  readonly #thread: number;
  readonly #seeds: Int32Array;
  readonly #slots: Int32Array;
  /** Of each thread how many run in each slot. */
  readonly #own: Int32Array;
  readonly #locks: SetLocks;

  constructor({ capacity = DEFAULT_CAPACITY, threads = 1, thread = 0, memory }: RunningTableOptions = {}) {
    this.memory =
      memory ?? new SharedArrayBuffer(HEADER_BYTES + capacity * bytesPerSlot(threads) + (capacity / WAYS) * 4);
    const header = new Int32Array(this.memory, 0, HEADER_BYTES / 4);
    // Nobody outside can know which keys meet.
    if (memory === undefined) header.set([randomInt(MAX_SEED), randomInt(MAX_SEED), threads]);
    const columns = header[THREADS]!;
    const sets = (this.memory.byteLength - HEADER_BYTES) / (WAYS * bytesPerSlot(columns) + 4);
    this.capacity = sets * WAYS;
    this.#thread = thread;
    this.#seeds = header;
    const ownAt = HEADER_BYTES + this.capacity * INTS_PER_SLOT * 4;
    this.#slots = new Int32Array(this.memory, HEADER_BYTES, this.capacity * INTS_PER_SLOT);
    this.#own = new Int32Array(this.memory, ownAt, this.capacity * columns);
    this.#locks = new SetLocks(new Int32Array(this.memory, ownAt + this.capacity * columns * 4, sets));
  }

  /** Where keys of one limit begin that are not to meet those of another. */
  scope(name: string): number {
    return hash32(name, this.#seeds[0]) | 0;
  }

  /**
   * Counts one more of the key, and says where, for `leave`. REFUSED: as many as may run are running. UNCOUNTED: there is no
   * room for another key, which nobody is to be refused for.
   */
  enter(scope: number, key: string, most: number): number {
    const high = hash32(key, scope) | 0;
    const low = hash32(key, scope ^ this.#seeds[1]!) | 0;
    const set = (high >>> 0) % this.#locks.count;
    this.#locks.take(set);
    const slot = this.#slotOf(set * WAYS, high, low);
    const place = slot < 0 ? UNCOUNTED : this.#slots[slot * INTS_PER_SLOT + 2]! >= most ? REFUSED : slot;
    if (place >= 0) this.#add(place, this.#thread, 1);
    this.#locks.give(set);
    return place;
  }

  /** Nobody else has to be asked. */
  async ask(scope: number, key: string, most: number): Promise<number> {
    return this.enter(scope, key, most);
  }

  /** What has entered at that place has ended. */
  leave(place: number): void {
    if (place < 0) return;
    const set = Math.floor(place / WAYS);
    this.#locks.take(set);
    // Of a thread that was given up for dead nothing is counted any more.
    if (this.#own[this.#thread * this.capacity + place]! > 0) this.#add(place, this.#thread, -1);
    this.#locks.give(set);
  }

  /** How many of the key are running. */
  count(scope: number, key: string): number {
    const high = hash32(key, scope) | 0;
    const low = hash32(key, scope ^ this.#seeds[1]!) | 0;
    const from = ((high >>> 0) % this.#locks.count) * WAYS;
    for (let slot = from; slot < from + WAYS; slot += 1) {
      const at = slot * INTS_PER_SLOT;
      if (this.#slots[at] === high && this.#slots[at + 1] === low) return this.#slots[at + 2]!;
    }
    return 0;
  }

  /** That thread is no more: nothing of what it has counted is running. */
  forget(thread: number): void {
    const from = thread * this.capacity;
    for (let slot = 0; slot < this.capacity; slot += 1) {
      if (this.#own[from + slot] === 0) continue;
      const set = Math.floor(slot / WAYS);
      this.#locks.take(set);
      this.#add(slot, thread, -this.#own[from + slot]!);
      this.#locks.give(set);
    }
  }

  #add(slot: number, thread: number, count: number): void {
    this.#slots[slot * INTS_PER_SLOT + 2]! += count;
    this.#own[thread * this.capacity + slot]! += count;
  }

  /** The slot of the key, or one that nobody needs, made the key's; -1: there is none. */
  #slotOf(from: number, high: number, low: number): number {
    let free = -1;
    for (let slot = from; slot < from + WAYS; slot += 1) {
      const at = slot * INTS_PER_SLOT;
      if (this.#slots[at + 2] === 0) free = slot;
      else if (this.#slots[at] === high && this.#slots[at + 1] === low) return slot;
    }
    if (free >= 0) {
      this.#slots[free * INTS_PER_SLOT] = high;
      this.#slots[free * INTS_PER_SLOT + 1] = low;
    }
    return free;
  }
}

export const REFUSED = -1;
export const UNCOUNTED = -2;
/** Only others know. */
export const UNKNOWN = -3;

function bytesPerSlot(threads: number): number {
  return (INTS_PER_SLOT + threads) * 4;
}
