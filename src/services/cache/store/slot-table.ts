// The slots of the cache and what they are found by: key, URL, host, tags. Rule: whatever changes here is done under the lock, and
// every change of what a key has changes the version of its bucket, by which threads know that what they remember no longer holds.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */
import { SLOT, SLOT_INTS, STATE } from './slot-fields.ts';
import { HEADER, type StoreMemory, slotCost, unitCost } from './store-memory.ts';

const LOW_BITS = 30;
const LOW_SPAN = 2 ** LOW_BITS;
const MEBIBYTE = 2 ** 20;
const LOW_HALF = 0xffff;
const ENCODING_BITS = 7;
const ENCODING_SHIFT = 3;

export interface KeyHash {
  readonly one: number;
  readonly two: number;
}

/** Whoever asks for a key is likely to ask for it again at once. */
let lastKey = '';
let lastHash: KeyHash = hashOf('');

/** Two hashes that have nothing to do with each other, in one pass. */
export function keyHash(key: string): KeyHash {
  if (key === lastKey) return lastHash;
  lastKey = key;
  lastHash = hashOf(key);
  return lastHash;
}

function hashOf(key: string): KeyHash {
  let one = 0x51c3;
  let two = 0x2f0d;
  for (let index = 0; index < key.length; index += 1) {
    const unit = key.charCodeAt(index);
    one = Math.imul(one ^ unit, 0x01000193);
    two = (Math.imul(two, 0x9e3779b1) + unit) | 0;
    two ^= two >>> 15;
  }
  return { one: spread(one ^ key.length), two: spread(two) };
}

function spread(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

export class SlotTable {
  /** Called under the lock: nothing refers to the file any more. */
  onFileGone: ((file: number, bodyLength: number) => void) | null = null;
  readonly #memory: StoreMemory;

  constructor(memory: StoreMemory) {
    this.#memory = memory;
  }

  get(slot: number, field: number): number {
    return this.#memory.slots[slot * SLOT_INTS + field]!;
  }

  set(slot: number, field: number, value: number): void {
    this.#memory.slots[slot * SLOT_INTS + field] = value;
  }

  add(slot: number, field: number, by: number): number {
    return Atomics.add(this.#memory.slots, slot * SLOT_INTS + field, by) + by;
  }

  keyLength(slot: number): number {
    return this.get(slot, SLOT.KEY_LENGTH) & LOW_HALF;
  }

  encoding(slot: number): number {
    return this.get(slot, SLOT.ENCODING) & ENCODING_BITS;
  }

  /** Where the URL stands among the bytes of the key; its length is 0 when it does not. */
  urlInKey(slot: number): { readonly from: number; readonly length: number } {
    return { from: this.get(slot, SLOT.ENCODING) >>> ENCODING_SHIFT, length: this.get(slot, SLOT.KEY_LENGTH) >>> 16 };
  }

  /** False: the key is too long to be written down. */
  setKey(slot: number, keyLength: number, url: { readonly from: number; readonly length: number } | null): boolean {
    if (keyLength > LOW_HALF) return false;
    const { from, length } = url ?? { from: 0, length: 0 };
    this.set(slot, SLOT.KEY_LENGTH, keyLength | (length << 16));
    this.set(slot, SLOT.ENCODING, this.encoding(slot) | (from << ENCODING_SHIFT));
    return true;
  }

  /** What other threads read without the lock. */
  load(slot: number, field: number): number {
    return Atomics.load(this.#memory.slots, slot * SLOT_INTS + field);
  }

  store(slot: number, field: number, value: number): void {
    Atomics.store(this.#memory.slots, slot * SLOT_INTS + field, value);
  }

  bodyLength(slot: number): number {
    const low = Atomics.load(this.#memory.slots, slot * SLOT_INTS + SLOT.BODY_LOW);
    return low + this.get(slot, SLOT.BODY_HIGH) * LOW_SPAN;
  }

  setBodyLength(slot: number, length: number): void {
    this.set(slot, SLOT.BODY_HIGH, Math.floor(length / LOW_SPAN));
    Atomics.store(this.#memory.slots, slot * SLOT_INTS + SLOT.BODY_LOW, length % LOW_SPAN);
  }

  state(slot: number): number {
    return Atomics.load(this.#memory.slots, slot * SLOT_INTS + SLOT.STATE);
  }

  setState(slot: number, state: number): void {
    Atomics.store(this.#memory.slots, slot * SLOT_INTS + SLOT.STATE, state);
  }

  get maxBytes(): number {
    const { header } = this.#memory;
    return header[HEADER.MOST_MEBIBYTES]! * MEBIBYTE + header[HEADER.MOST_REST]!;
  }

  /** Holds on every thread. */
  bound(maxBytes: number): void {
    this.#memory.header[HEADER.MOST_MEBIBYTES] = Math.floor(maxBytes / MEBIBYTE);
    this.#memory.header[HEADER.MOST_REST] = maxBytes % MEBIBYTE;
  }

  /** What is in use, with everything that it takes beside the bytes of the answers. */
  get usedBytes(): number {
    const { arena, header } = this.#memory;
    return (arena.units - arena.freeUnits) * unitCost() + header[HEADER.SLOTS_USED]! * slotCost(this.#memory);
  }

  /** Whether so many more units may be used. */
  hasRoom(units: number): boolean {
    return units <= this.#memory.arena.freeUnits && this.usedBytes + units * unitCost() <= this.maxBytes;
  }

  /** One that nobody uses, all of whose numbers are zero but its generation and its serial; -1: there is none. */
  take(): number {
    const { header, slots } = this.#memory;
    let slot = header[HEADER.FREE_SLOT]! - 1;
    if (slot >= 0) {
      header[HEADER.FREE_SLOT] = slots[slot * SLOT_INTS + SLOT.BUCKET_NEXT]!;
    } else {
      slot = header[HEADER.SLOTS_USED]!;
      if (slot >= header[HEADER.SLOTS]! || this.usedBytes + slotCost(this.#memory) > this.maxBytes) return -1;
      header[HEADER.SLOTS_USED] = slot + 1;
    }
    const generation = this.get(slot, SLOT.GENERATION);
    slots.fill(0, slot * SLOT_INTS, (slot + 1) * SLOT_INTS);
    this.set(slot, SLOT.GENERATION, (generation + 1) | 0);
    header[HEADER.SERIAL] = (header[HEADER.SERIAL]! + 1) | 0;
    this.set(slot, SLOT.SERIAL, header[HEADER.SERIAL]!);
    return slot;
  }

  /** The slot comes to be found. */
  enter(slot: number): void {
    const bucket = this.bucketOf(this.get(slot, SLOT.HASH));
    this.set(slot, SLOT.BUCKET_NEXT, this.#memory.buckets[bucket]!);
    this.#memory.buckets[bucket] = slot + 1;
    this.setState(slot, STATE.WHOLE);
    this.#memory.urls.add(slot, this.get(slot, SLOT.URL));
    this.#memory.hosts.add(slot, this.get(slot, SLOT.HOST));
    this.#memory.header[HEADER.ENTRIES]! += 1;
    this.changed(bucket);
  }

  /** It is found no more, and given back as soon as nobody reads it. */
  drop(slot: number): void {
    if (this.state(slot) === STATE.DROPPED) return;
    if (this.state(slot) === STATE.WHOLE) this.#leave(slot);
    this.forgetTags(slot);
    this.setState(slot, STATE.DROPPED);
    this.forgetFile(slot);
    if (this.get(slot, SLOT.PINS) === 0) this.#giveBack(slot);
  }

  /** They are known from the moment on that the head is written, before the answer is found. */
  forgetTags(slot: number): void {
    const chain = this.get(slot, SLOT.TAGS);
    if (chain === 0) return;
    this.#memory.tags.remove(chain);
    this.#memory.arena.give(chain);
    this.set(slot, SLOT.TAGS, 0);
  }

  forgetFile(slot: number): void {
    const file = this.get(slot, SLOT.FILE);
    if (file === 0) return;
    this.set(slot, SLOT.FILE, 0);
    this.onFileGone?.(file, this.bodyLength(slot));
  }

  /** One reader less. */
  unpin(slot: number): void {
    if (this.add(slot, SLOT.PINS, -1) === 0 && this.state(slot) === STATE.DROPPED) this.#giveBack(slot);
  }

  bucketOf(hash: number): number {
    return hash & (this.#memory.buckets.length - 1);
  }

  version(bucket: number): number {
    return Atomics.load(this.#memory.versions, bucket);
  }

  changed(bucket: number): void {
    Atomics.add(this.#memory.versions, bucket, 1);
  }

  /** The slots of a key, those of other keys with the same two hashes among them; the youngest first. */
  withHash({ one, two }: KeyHash): number[] {
    const found: number[] = [];
    for (let link = this.#memory.buckets[this.bucketOf(one)]!; link !== 0;) {
      const slot = link - 1;
      if (this.get(slot, SLOT.HASH) === one && this.get(slot, SLOT.HASH_TWO) === two) found.push(slot);
      link = this.get(slot, SLOT.BUCKET_NEXT);
    }
    return found;
  }

  #leave(slot: number): void {
    const { buckets, header, queues, urls, hosts } = this.#memory;
    const bucket = this.bucketOf(this.get(slot, SLOT.HASH));
    let link = buckets[bucket]!;
    const next = this.get(slot, SLOT.BUCKET_NEXT);
    if (link === slot + 1) {
      buckets[bucket] = next;
    } else {
      while (this.get(link - 1, SLOT.BUCKET_NEXT) !== slot + 1) link = this.get(link - 1, SLOT.BUCKET_NEXT);
      this.set(link - 1, SLOT.BUCKET_NEXT, next);
    }
    urls.remove(slot);
    hosts.remove(slot);
    queues.remove(slot);
    header[HEADER.ENTRIES]! -= 1;
    this.changed(bucket);
  }

  #giveBack(slot: number): void {
    const { arena, header } = this.#memory;
    for (const field of [SLOT.HEAD_FIRST, SLOT.BODY_FIRST]) {
      const first = this.get(slot, field);
      if (first !== 0) arena.give(first);
    }
    this.setState(slot, STATE.FREE);
    this.set(slot, SLOT.GENERATION, (this.get(slot, SLOT.GENERATION) + 1) | 0);
    this.set(slot, SLOT.BUCKET_NEXT, header[HEADER.FREE_SLOT]!);
    header[HEADER.FREE_SLOT] = slot + 1;
  }
}
