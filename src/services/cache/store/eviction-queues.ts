// Which answer goes when room is needed: S3-FIFO. What is new stands in a short queue, and only what is asked for again there comes into
// the main one, so that a scan passes without a trace; what was pushed out of the short one lately comes straight into the main one.
// Rule: a hit only counts, up to three; whatever moves does so when room is needed. Only touched under the lock.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that the constructor laid out. */
import { QUEUE, SLOT, SLOT_INTS } from './slot-fields.ts';

/** Of all units those that the short queue may have before it has to give. */
const SMALL_SHARE = 0.1;

/** In the numbers of the queues: of each queue the first, the last, its units and its length; then the clock of what was pushed out. */
export const QUEUE_INTS = 20;
const FIRST = 0;
const LAST = 1;
const UNITS = 2;
const LENGTH = 3;
const PUSHED_OUT = 16;

export interface QueueMemory {
  readonly slots: Int32Array<SharedArrayBuffer>;
  readonly ints: Int32Array<SharedArrayBuffer>;
  /** Two for each that was pushed out: its hash, and when. As many as a power of two. */
  readonly ghosts: Int32Array<SharedArrayBuffer>;
}

export class EvictionQueues {
  /** After `next`: whether what has to go had been asked for again. */
  isLastFromMain = false;
  readonly #slots: Int32Array<SharedArrayBuffer>;
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #ghosts: Int32Array<SharedArrayBuffer>;

  constructor({ slots, ints, ghosts }: QueueMemory) {
    this.#slots = slots;
    this.#ints = ints;
    this.#ghosts = ghosts;
  }

  reset(): void {
    this.#ints.fill(0);
    this.#ghosts.fill(0);
  }

  length(queue: number): number {
    return this.#ints[queue * 4 + LENGTH]!;
  }

  units(queue: number): number {
    return this.#ints[queue * 4 + UNITS]!;
  }

  /** A new one, as large as its slot says. */
  add(slot: number): void {
    const isKnown = this.#forgetGhost(this.#slots[slot * SLOT_INTS + SLOT.HASH]!);
    this.#slots[slot * SLOT_INTS + SLOT.ASKED] = 0;
    this.put(slot, isKnown ? QUEUE.MAIN : QUEUE.SMALL);
  }

  /** The slot that has to go next, which is in no queue any more; -1: there is none. */
  next(): number {
    for (;;) {
      const small = this.units(QUEUE.SMALL);
      const isSmallDue = small > (small + this.units(QUEUE.MAIN)) * SMALL_SHARE;
      const queue = isSmallDue || this.length(QUEUE.MAIN) === 0 ? QUEUE.SMALL : QUEUE.MAIN;
      const slot = this.#ints[queue * 4 + FIRST]! - 1;
      if (slot < 0) return -1;
      this.remove(slot);
      const asked = this.#slots[slot * SLOT_INTS + SLOT.ASKED]!;
      if (asked === 0) {
        this.isLastFromMain = queue === QUEUE.MAIN;
        if (queue === QUEUE.SMALL) this.#remember(this.#slots[slot * SLOT_INTS + SLOT.HASH]!);
        return slot;
      }
      this.#slots[slot * SLOT_INTS + SLOT.ASKED] = queue === QUEUE.SMALL ? 0 : asked - 1;
      this.put(slot, QUEUE.MAIN);
    }
  }

  /** The longest in a queue; -1: it is empty. */
  first(queue: number): number {
    return this.#ints[queue * 4 + FIRST]! - 1;
  }

  /** Of a queue by itself: the longest in it that was not asked for since it was looked at, which is in no queue any more; -1: it is empty. */
  nextOf(queue: number): number {
    for (;;) {
      const slot = this.first(queue);
      if (slot < 0) return -1;
      this.remove(slot);
      if (this.#slots[slot * SLOT_INTS + SLOT.ASKED] === 0) return slot;
      this.#slots[slot * SLOT_INTS + SLOT.ASKED] = 0;
      this.put(slot, queue);
    }
  }

  /** Behind all others of the queue. */
  put(slot: number, queue: number): void {
    const base = slot * SLOT_INTS;
    const last = this.#ints[queue * 4 + LAST]!;
    this.#slots[base + SLOT.QUEUE] = queue;
    this.#slots[base + SLOT.QUEUE_NEXT] = 0;
    this.#slots[base + SLOT.QUEUE_BEFORE] = last;
    if (last === 0) this.#ints[queue * 4 + FIRST] = slot + 1;
    else this.#slots[(last - 1) * SLOT_INTS + SLOT.QUEUE_NEXT] = slot + 1;
    this.#ints[queue * 4 + LAST] = slot + 1;
    this.#ints[queue * 4 + UNITS]! += this.#slots[base + SLOT.UNITS]!;
    this.#ints[queue * 4 + LENGTH]! += 1;
  }

  remove(slot: number): void {
    const base = slot * SLOT_INTS;
    const queue = this.#slots[base + SLOT.QUEUE]!;
    if (queue === QUEUE.NONE) return;
    const next = this.#slots[base + SLOT.QUEUE_NEXT]!;
    const before = this.#slots[base + SLOT.QUEUE_BEFORE]!;
    if (before === 0) this.#ints[queue * 4 + FIRST] = next;
    else this.#slots[(before - 1) * SLOT_INTS + SLOT.QUEUE_NEXT] = next;
    if (next === 0) this.#ints[queue * 4 + LAST] = before;
    else this.#slots[(next - 1) * SLOT_INTS + SLOT.QUEUE_BEFORE] = before;
    this.#ints[queue * 4 + UNITS]! -= this.#slots[base + SLOT.UNITS]!;
    this.#ints[queue * 4 + LENGTH]! -= 1;
    this.#slots[base + SLOT.QUEUE] = QUEUE.NONE;
  }

  #remember(hash: number): void {
    const at = (hash & (this.#ghosts.length / 2 - 1)) * 2;
    this.#ints[PUSHED_OUT]! += 1;
    this.#ghosts[at] = hash;
    this.#ghosts[at + 1] = this.#ints[PUSHED_OUT]!;
  }

  /** Whether it was pushed out not longer ago than the main queue is long. */
  #forgetGhost(hash: number): boolean {
    const at = (hash & (this.#ghosts.length / 2 - 1)) * 2;
    const when = this.#ghosts[at + 1]!;
    if (when === 0 || this.#ghosts[at] !== hash) return false;
    this.#ghosts[at + 1] = 0;
    return this.#ints[PUSHED_OUT]! - when < Math.max(this.length(QUEUE.MAIN), this.length(QUEUE.SMALL));
  }
}
