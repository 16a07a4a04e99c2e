// Which keys are being fetched, by which thread, in memory that all threads share. Rule: a thread that finds a flight of another there is
// told of what comes of it, by a message that only says where to look; what it finds when it looks is what counts.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */
import { type KeyHash, keyHash } from './slot-table.ts';
import { FLIGHT_INTS, type StoreMemory } from './store-memory.ts';

const HASH = 0;
const HASH_TWO = 1;
/** The thread plus one; 0: the entry is free. */
const OWNER = 2;
/** The slot of what is being filled, plus one. */
const SLOT_LINK = 3;
/** A bit for each thread that waits or reads. */
const LISTENERS = 4;
/** Of the slot: it may be of another answer by the time that somebody looks. */
const GENERATION = 5;
/** How many purges there had been when it began. */
const SINCE = 6;
/** Entries that a key may have. */
const WAYS = 8;
/** Threads beyond have one bit together. */
const MOST_BIT = 30;

export class FlightTable {
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #thread: number;

  constructor(memory: StoreMemory, thread: number) {
    this.#ints = memory.flights;
    this.#thread = thread;
  }

  /** Under the lock: where the flight of another thread stands; -1: it is ours now, if there was room for it. */
  claim(hash: KeyHash, purges: number): number {
    const at = this.find(hash);
    if (at >= 0 && this.#ints[at + OWNER] !== this.#thread + 1) {
      this.#ints[at + LISTENERS]! |= this.#bit;
      return at;
    }
    const free = at >= 0 ? at : this.#free(hash);
    if (free < 0) return -1;
    this.#ints[free + HASH] = hash.one;
    this.#ints[free + HASH_TWO] = hash.two;
    this.#ints[free + OWNER] = this.#thread + 1;
    this.#ints[free + SLOT_LINK] = 0;
    this.#ints[free + SINCE] = purges;
    // Those who wait for one of ours that a purge has overtaken hear of the next.
    if (at < 0) this.#ints[free + LISTENERS] = 0;
    return -1;
  }

  /** Under the lock: it is ours from now on, and so are those who wait. */
  takeOver(at: number, purges: number): void {
    this.#ints[at + OWNER] = this.#thread + 1;
    this.#ints[at + SLOT_LINK] = 0;
    this.#ints[at + SINCE] = purges;
    this.#ints[at + LISTENERS]! &= ~this.#bit;
  }

  /** How many purges there had been when it began. */
  sinceAt(at: number): number {
    return this.#ints[at + SINCE]!;
  }

  /** -1: there is none. */
  find({ one, two }: KeyHash): number {
    for (let way = 0; way < WAYS; way += 1) {
      const at = this.#place(one, way);
      if (this.#ints[at + OWNER] !== 0 && this.#ints[at + HASH] === one && this.#ints[at + HASH_TWO] === two) return at;
    }
    return -1;
  }

  /** The slot that the flight fills; -1: none yet. */
  slotAt(at: number): number {
    return this.#ints[at + SLOT_LINK]! - 1;
  }

  /** The generation that the slot had when it began to be filled. */
  generationAt(at: number): number {
    return this.#ints[at + GENERATION]!;
  }

  /** Under the lock. */
  begin(key: string, slot: number, generation: number): void {
    const at = this.#ours(key);
    if (at < 0) return;
    this.#ints[at + SLOT_LINK] = slot + 1;
    this.#ints[at + GENERATION] = generation;
  }

  /** Whether another thread waits for it or reads it. */
  isHeard(key: string): boolean {
    const at = this.#ours(key);
    return at >= 0 && this.#ints[at + LISTENERS] !== 0;
  }

  /** Under the lock: the flight is over. Whether another thread is to be told. */
  end(key: string): boolean {
    const at = this.#ours(key);
    if (at < 0) return false;
    this.#ints[at + OWNER] = 0;
    return this.#ints[at + LISTENERS] !== 0;
  }

  /** Under the lock: those of a thread that is gone end. */
  forget(thread: number): void {
    for (let at = 0; at < this.#ints.length; at += FLIGHT_INTS) {
      if (this.#ints[at + OWNER] === thread + 1) this.#ints[at + OWNER] = 0;
    }
  }

  #ours(key: string): number {
    const at = this.find(keyHash(key));
    return at >= 0 && this.#ints[at + OWNER] === this.#thread + 1 ? at : -1;
  }

  #free({ one }: KeyHash): number {
    for (let way = 0; way < WAYS; way += 1) {
      const at = this.#place(one, way);
      if (this.#ints[at + OWNER] === 0) return at;
    }
    return -1;
  }

  #place(hash: number, way: number): number {
    return (((hash >>> 0) + way) % (this.#ints.length / FLIGHT_INTS)) * FLIGHT_INTS;
  }

  get #bit(): number {
    return 1 << Math.min(this.#thread, MOST_BIT);
  }
}
