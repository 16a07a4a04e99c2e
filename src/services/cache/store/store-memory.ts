// The memory of the cache as all threads see it: one SharedArrayBuffer, laid out by its own header. Rule: a thread that is given the
// memory finds everything in it; it takes address space at once and real memory only as far as it is used.
import { ARENA_HEADS, BlockArena, UNIT_BYTES, UNIT_OVERHEAD_BYTES } from './block-arena.ts';
import { EvictionQueues, QUEUE_INTS } from './eviction-queues.ts';
import { PURGE_INTS } from './purge-clock.ts';
import { SLOT, SLOT_FLAG, SLOT_INTS } from './slot-fields.ts';
import { SlotLists } from './slot-lists.ts';
import { TagLists } from './tag-lists.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that is laid out here. */

export const HEADER = {
  UNITS: 0,
  SLOTS: 1,
  BUCKETS: 2,
  THREADS: 3,
  LOCK: 4,
  /** How many slots were ever used; those that were given back are linked. */
  SLOTS_USED: 5,
  FREE_SLOT: 6,
  SERIAL: 7,
  ENTRIES: 8,
  /** How much of it may be used: in MiB, and the rest in bytes. */
  MOST_MEBIBYTES: 9,
  MOST_REST: 10,
  FILE_SERIAL: 11,
  DISK_KIBIBYTES: 12,
  /** How often everything was forgotten because a thread had died in the middle of a change. */
  EPOCH: 13,
} as const;

const HEADER_INTS = 64;
const HOST_HEADS = 4096;
/** Of memory, for each slot; answers are seldom smaller together with what they take. */
const BYTES_PER_SLOT = 512;
const LEAST_SLOTS = 64;
const ROUTES = 256;
export const ROUTE_BYTES = 64;
export const COUNTERS = 8;
/** Keys that are not worth waiting for: two numbers of 32 bits each, the hash and until when. */
const REMEMBERED = 8192;
/** See FlightTable. */
const FLIGHTS = 4096;
export const FLIGHT_INTS = 7;

export interface StoreMemory {
  readonly buffer: SharedArrayBuffer;
  readonly header: Int32Array<SharedArrayBuffer>;
  readonly slots: Int32Array<SharedArrayBuffer>;
  /** The first slot of each bucket, plus one; and a number that changes with it. */
  readonly buckets: Int32Array<SharedArrayBuffer>;
  readonly versions: Int32Array<SharedArrayBuffer>;
  readonly uncacheable: Int32Array<SharedArrayBuffer>;
  readonly flights: Int32Array<SharedArrayBuffer>;
  readonly purges: Int32Array<SharedArrayBuffer>;
  /** For each thread the slots that it has pinned, plus one, in any order; below zero: it fills them. */
  readonly pins: Int32Array<SharedArrayBuffer>;
  /** The name of each route: its length and its bytes. */
  readonly routeNames: Uint8Array<SharedArrayBuffer>;
  /** For each thread and each route. */
  readonly counters: Float64Array<SharedArrayBuffer>;
  readonly arena: BlockArena;
  readonly queues: EvictionQueues;
  readonly urls: SlotLists;
  readonly hosts: SlotLists;
  readonly tags: TagLists;
}

/** Of more a dead thread leaves nothing behind by which they could be given back. */
export const PINS_PER_THREAD = 4096;

interface Sizes {
  readonly units: number;
  readonly slots: number;
  readonly buckets: number;
  readonly threads: number;
}

/** What a slot takes beside the units of its answer: itself, and its part of the tables. */
export function slotCost({ header }: StoreMemory): number {
  return SLOT_INTS * 4 + (header[HEADER.BUCKETS]! * 24) / header[HEADER.SLOTS]!;
}

export function unitCost(): number {
  return UNIT_BYTES + UNIT_OVERHEAD_BYTES;
}

export function createStoreMemory(maxBytes: number, threads: number): StoreMemory {
  const units = Math.max(32, Math.floor(maxBytes / unitCost()));
  const slots = Math.max(LEAST_SLOTS, Math.floor(maxBytes / BYTES_PER_SLOT));
  const sizes = { units, slots, buckets: powerOfTwo(slots), threads };
  const buffer = new SharedArrayBuffer(new Layout(null, sizes).byteLength);
  const header = new Int32Array(buffer, 0, HEADER_INTS);
  header[HEADER.UNITS] = units;
  header[HEADER.SLOTS] = slots;
  header[HEADER.BUCKETS] = sizes.buckets;
  header[HEADER.THREADS] = threads;
  const memory = openStoreMemory(buffer);
  memory.arena.reset();
  return memory;
}

/** Under the lock: forgets everything. Threads find nothing of what they remember, and none of the slots that they know. */
export function resetStoreMemory(memory: StoreMemory): void {
  const { header, slots, buckets, versions, flights, pins, queues, urls, hosts, tags, arena } = memory;
  // First of all: who reads without the lock looks at it before and after.
  Atomics.add(header, HEADER.EPOCH, 1);
  for (let slot = 0; slot < header[HEADER.SLOTS]!; slot += 1) {
    const generation = slots[slot * SLOT_INTS + SLOT.GENERATION]!;
    slots.fill(0, slot * SLOT_INTS, (slot + 1) * SLOT_INTS);
    slots[slot * SLOT_INTS + SLOT.GENERATION] = (generation + 1) | 0;
    slots[slot * SLOT_INTS + SLOT.FLAGS] = SLOT_FLAG.TORN;
  }
  for (let bucket = 0; bucket < versions.length; bucket += 1) Atomics.add(versions, bucket, 1);
  buckets.fill(0);
  flights.fill(0);
  pins.fill(0);
  header[HEADER.SLOTS_USED] = 0;
  header[HEADER.FREE_SLOT] = 0;
  header[HEADER.ENTRIES] = 0;
  header[HEADER.DISK_KIBIBYTES] = 0;
  for (const part of [queues, urls, hosts, tags]) part.reset();
  arena.reset();
}

export function openStoreMemory(buffer: SharedArrayBuffer): StoreMemory {
  const header = new Int32Array(buffer, 0, HEADER_INTS);
  return new Layout(buffer, {
    units: header[HEADER.UNITS]!,
    slots: header[HEADER.SLOTS]!,
    buckets: header[HEADER.BUCKETS]!,
    threads: header[HEADER.THREADS]!,
  }).memory!;
}

/** Goes through the parts in order, to see how much they take, or to make views of them. */
class Layout {
  byteLength = HEADER_INTS * 4;
  readonly memory: StoreMemory | null;
  readonly #buffer: SharedArrayBuffer | null;

  constructor(buffer: SharedArrayBuffer | null, { units, slots, buckets, threads }: Sizes) {
    this.#buffer = buffer;
    const counters = this.#floats(threads * ROUTES * COUNTERS);
    const slotInts = this.#ints(slots * SLOT_INTS);
    const parts = {
      buckets: this.#ints(buckets),
      versions: this.#ints(buckets),
      uncacheable: this.#ints(REMEMBERED * 2),
      flights: this.#ints(FLIGHTS * FLIGHT_INTS),
      purges: this.#ints(PURGE_INTS),
      pins: this.#ints(threads * PINS_PER_THREAD),
      routeNames: this.#bytes(ROUTES * ROUTE_BYTES),
    };
    const queueInts = this.#ints(QUEUE_INTS);
    const ghosts = this.#ints(buckets * 2);
    const urlHeads = this.#ints(buckets);
    const hostHeads = this.#ints(HOST_HEADS);
    const tagHeads = this.#ints(buckets);
    const heads = this.#ints(ARENA_HEADS + (ARENA_HEADS % 2));
    const links = this.#ints(units * 2);
    const bytes = this.#bytes(units * UNIT_BYTES);
    const states = this.#bytes(units);
    this.memory = null;
    if (buffer === null) return;
    const arena = new BlockArena({ bytes, links, states, heads });
    this.memory = {
      buffer,
      header: new Int32Array(buffer, 0, HEADER_INTS),
      slots: slotInts,
      ...parts,
      counters,
      arena,
      queues: new EvictionQueues({ slots: slotInts, ints: queueInts, ghosts }),
      urls: new SlotLists(slotInts, urlHeads, { hash: SLOT.URL, next: SLOT.URL_NEXT, before: SLOT.URL_BEFORE }),
      hosts: new SlotLists(slotInts, hostHeads, { hash: SLOT.HOST, next: SLOT.HOST_NEXT, before: SLOT.HOST_BEFORE }),
      tags: new TagLists(arena, tagHeads),
    };
  }

  #ints(count: number): Int32Array<SharedArrayBuffer> {
    const at = this.#place(count * 4);
    return new Int32Array(this.#buffer ?? EMPTY, at, this.#buffer === null ? 0 : count);
  }

  #floats(count: number): Float64Array<SharedArrayBuffer> {
    const at = this.#place(count * 8);
    return new Float64Array(this.#buffer ?? EMPTY, at, this.#buffer === null ? 0 : count);
  }

  #bytes(count: number): Uint8Array<SharedArrayBuffer> {
    const at = this.#place(count);
    return new Uint8Array(this.#buffer ?? EMPTY, at, this.#buffer === null ? 0 : count);
  }

  /** Every part begins where a number of 64 bits may stand. */
  #place(bytes: number): number {
    const at = this.byteLength;
    this.byteLength += Math.ceil(bytes / 8) * 8;
    return this.#buffer === null ? 0 : at;
  }
}

const EMPTY = new SharedArrayBuffer(0);

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
