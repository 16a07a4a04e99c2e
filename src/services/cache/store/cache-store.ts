// The store of the HTTP cache, as a policy uses it. Rule: what is found is whole and of one piece, always; whatever is wrong with the
// store makes misses, never errors. Who gives what was found says so (`hit`), for that decides what stays.
import type { AnswerMeta } from '../answer-meta.ts';
import { type BodyReader, type BodyReading, type BodySource, type ByteRange, MemoryReading } from './body-reading.ts';
import { CacheCounters, type RouteCounts } from './cache-counters.ts';
import { restoreFiles } from './disk-restore.ts';
import { Filling, type FillOptions } from './filling.ts';
import { type Flight, type FlightChannel, Flights, type FlightWaiter, UncacheableKeys } from './flights.ts';
import { type DiskOptions, DiskTier } from './disk-tier.ts';
import { NearAnswers } from './near-answers.ts';
import { type PurgeOrder, slotsOf } from './purge-lists.ts';
import { BringingBack } from './bringing-back.ts';
import { writeChain } from './chain-bytes.ts';
import { QUEUE, SLOT, SLOT_FLAG, SLOT_INTS, STATE } from './slot-fields.ts';
import { type KeyHash, keyHash } from './slot-table.ts';
import { moveBody, rewriteHead } from './slot-writing.ts';
import { StoreCore } from './store-core.ts';
import { createStoreMemory, HEADER, openStoreMemory, resetStoreMemory } from './store-memory.ts';
import { liesReady, type StoredAnswer, type Unpacked, unpackSlot } from './stored-answer.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */

export interface CacheStoreOptions {
  /** For everything: answers, what is known of them, and what threads remember of them. */
  readonly maxBytes: number;
  /** How many threads use it, and which of them this one is. */
  readonly threads?: number;
  readonly thread?: number;
  /** That of the first store of the process, for those of other threads. */
  readonly memory?: SharedArrayBuffer;
  /** How the threads talk; none for one thread. */
  readonly channel?: FlightChannel | null;
  /** Where what is too large for memory goes, or was pushed out of it. */
  readonly disk?: DiskOptions | null;
  readonly nowMs?: () => number;
}

export interface CacheStats {
  readonly entries: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly diskBytes: number;
  readonly routes: readonly RouteCounts[];
}

type PlaceOfAnswer = Pick<StoredAnswer, 'slot' | 'generation'>;

/** Of all memory: what one answer may take, and what threads may remember. */
const SHARE_OF_ONE = 8;
const SHARE_OF_NEAR = 16;
const MOST_NEAR_BYTES = 33_554_432;
/** What a thread has a copy of, however often it is asked for; and its part of all that the thread remembers. */
const MOST_READY_BYTES = 262_144;
const SHARE_OF_READY = 32;
const MOST_ASKED = 3;
/** So many are dropped before others get at the lock. */
const PURGE_AT_ONCE = 256;
/** From the disk into memory. */
const MOST_BROUGHT_BACK = 1_048_576;
const NOTHING: readonly StoredAnswer[] = [];

export class CacheStore {
  /** To be handed to other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #core: StoreCore;
  readonly #near: NearAnswers;
  #maxBytes = 0;
  #mostReady = 0;
  readonly #flights: Flights;
  readonly #threads: number;
  readonly #slots: Int32Array<SharedArrayBuffer>;
  readonly #versions: Int32Array<SharedArrayBuffer>;
  /** The last that was looked for, and the version that its bucket had. */
  #lastKey = '';
  #lastVersion = 0;

  constructor({
    maxBytes,
    threads = 1,
    thread = 0,
    memory,
    channel = null,
    disk = null,
    nowMs = Date.now,
  }: CacheStoreOptions) {
    const shared = memory === undefined ? createStoreMemory(maxBytes, threads) : openStoreMemory(memory);
    this.memory = shared.buffer;
    this.#threads = threads;
    this.#slots = shared.slots;
    this.#versions = shared.versions;
    this.#core = new StoreCore(shared, thread, new CacheCounters(shared, thread));
    if (disk !== null) this.#core.disk = new DiskTier(this.#core, disk);
    this.#near = new NearAnswers(0);
    this.#flights = new Flights({
      core: this.#core,
      thread,
      keys: new UncacheableKeys(shared, nowMs),
      channel,
      begin: (request) => new Filling(this.#core, request),
      mostBytes: () => this.mostOfOne,
    });
    this.bound(maxBytes);
  }

  /** An answer with a longer body is not kept. */
  get mostOfOne(): number {
    return Math.floor(this.#core.table.maxBytes / SHARE_OF_ONE);
  }

  /** No more than the memory was made for. */
  bound(maxBytes: number, diskBytes?: number): void {
    if (diskBytes !== undefined) this.#core.disk?.bound(diskBytes);
    this.#maxBytes = maxBytes;
    const near = Math.min(MOST_NEAR_BYTES, Math.floor(maxBytes / SHARE_OF_NEAR));
    this.#near.bound(Math.floor(near / this.#threads));
    this.#mostReady = Math.min(MOST_READY_BYTES, Math.floor(near / this.#threads / SHARE_OF_READY));
    this.#core.table.bound(maxBytes - near);
    this.#core.shrink();
  }

  /** The variants of a key, the youngest first. */
  find(key: string): readonly StoredAnswer[] {
    this.#lastKey = key;
    const near = this.#near.find(key, this.#versions);
    if (near === undefined || this.#isWorthCopy(near)) return this.#look(key);
    this.#lastVersion = this.#near.lastVersion;
    return near;
  }

  /** It has been asked for so often meanwhile that a copy is cheaper than reading it each time. */
  #isWorthCopy(answers: readonly StoredAnswer[]): boolean {
    const most = this.#mostReady;
    for (const { hasBody, slot, bodyLength } of answers) {
      if (!hasBody && bodyLength <= most && liesReady(this.#slots, slot, bodyLength, most)) return true;
    }
    return false;
  }

  /** It is being given; `isStale`: though it is not fresh. */
  hit(answer: StoredAnswer, isStale = false): void {
    const at = answer.slot * SLOT_INTS;
    const { counters } = this.#core;
    const asked = this.#slots[at + SLOT.ASKED]!;
    if (asked < MOST_ASKED && this.#slots[at + SLOT.GENERATION] === answer.generation)
      this.#slots[at + SLOT.ASKED] = asked + 1;
    const route = this.#core.routeId(answer.meta.route);
    counters.hit(route, answer.bodyLength);
    if (isStale) counters.stale(route);
  }

  /** The origin had to be asked for it. */
  missed(route: string): void {
    this.#core.counters.missed(this.#core.routeId(route));
  }

  /** The answer that somebody else fetched was given. */
  coalesced(route: string, bytes: number): void {
    this.#core.counters.coalesced(this.#core.routeId(route), bytes);
  }

  /** The body of what was found, or a part of it. Null: it is gone. */
  open(answer: StoredAnswer, reader: BodyReader, range?: ByteRange): BodyReading | null {
    this.#core.lock.take();
    const isThere = this.#isThere(answer);
    const isOnDisk = isThere && this.#isOnDisk(answer.slot);
    const pin = isThere && !isOnDisk ? this.#core.pin(answer.slot) : -1;
    this.#core.lock.give();
    if (!isThere) return null;
    if (isOnDisk) return this.#openFile(answer, reader, range);
    const reading = new MemoryReading(this.#core, this.#sourceOf(answer), reader, {
      from: 0,
      to: Infinity,
      ...range,
      pin,
    });
    reading.pump();
    return reading;
  }

  /** See Flights.claim. What another thread has brought since `find` for the same key is not fetched again: the waiter is to look. */
  claim(key: string, waiter: FlightWaiter): Flight | 'waiting' | 'alone' {
    return this.#flights.claim(key, waiter, key === this.#lastKey ? this.#lastVersion : null);
  }

  /** See Flights.claimFree. */
  claimFree(key: string): Flight | 'alone' | null {
    return this.#flights.claimFree(key, key === this.#lastKey ? this.#lastVersion : null);
  }

  leave(key: string, waiter: FlightWaiter): void {
    this.#flights.leave(key, waiter);
  }

  /** Without a flight: a copy in another encoding, or what came though nobody claimed it. */
  fill(key: string, meta: AnswerMeta, bodyLength: number, more: FillOptions = {}): Filling {
    return this.#flights.begin({ ...more, key, meta, bodyLength });
  }

  /**
   * What is known of it from now on; it is found as new, unless it was purged since the origin was asked: then it stays stale. False: it
   * is gone. `since`: as in FillOptions.
   */
  replace(answer: StoredAnswer, meta: AnswerMeta, since: number = this.purgeClock): boolean {
    const { table } = this.#core;
    const { slot, key, trailers, encoding } = answer;
    return this.#core.locked(() => {
      if (!this.#isThere(answer) || table.state(slot) !== STATE.WHOLE) return false;
      if (!this.#core.purges.isPurged(since, key, meta))
        table.set(slot, SLOT.FLAGS, table.get(slot, SLOT.FLAGS) & ~SLOT_FLAG.SOFT);
      // A file goes on saying what was known before.
      if (!this.#isOnDisk(slot)) table.forgetFile(slot);
      return rewriteHead(this.#core, slot, { key, meta, trailers, encoding });
    });
  }

  /** Finds again what lies on the disk; for the first thread, once. */
  restore(folder: string, sparedPid: number | null = null): Promise<number> {
    return this.#core.disk === null ? Promise.resolve(0) : restoreFiles(this.#core.disk, folder, sparedPid);
  }

  drop(answer: StoredAnswer): void {
    const { lock, table } = this.#core;
    lock.take();
    for (const each of [answer, ...answer.copies])
      if (this.#isThere(each) && table.state(each.slot) === STATE.WHOLE) table.drop(each.slot);
    lock.give();
  }

  /** Softly: what is meant counts as stale from now on. How many were meant. */
  purge(order: PurgeOrder, isSoft = false): number {
    const { table } = this.#core;
    const meant = this.#core.locked(() => {
      this.#core.purges.note(order);
      return slotsOf(this.#core, order).map((slot) => ({ slot, generation: table.get(slot, SLOT.GENERATION) }));
    });
    let count = 0;
    for (let from = 0; from < meant.length; from += PURGE_AT_ONCE) {
      count += this.#core.locked(() => this.#purgeSome(meant.slice(from, from + PURGE_AT_ONCE), isSoft));
    }
    this.#core.disk?.deleteGone();
    return count;
  }

  /** A thread has died: what it was fetching is fetched by others, and nobody waits for its lock. */
  forgetThread(thread: number): void {
    if (this.#core.lock.inherit(thread)) this.#startAnew();
    this.#flights.forget(thread);
  }

  /** Another one after everything was forgotten: who reads then is cut, also of what was whole. */
  get epoch(): number {
    return this.#core.epoch;
  }

  /** What was left half done cannot be told from what is whole. */
  #startAnew(): void {
    try {
      resetStoreMemory(this.#core.memory);
    } finally {
      this.#core.lock.give();
    }
  }

  /** For `since` of what is fetched without a flight: to be read before the origin is asked. */
  get purgeClock(): number {
    return this.#core.purges.now;
  }

  get stats(): CacheStats {
    const { table, counters, memory } = this.#core;
    return {
      entries: memory.header[HEADER.ENTRIES]!,
      bytes: Math.round(table.usedBytes + this.#near.bytes),
      maxBytes: this.#maxBytes,
      diskBytes: this.#core.disk?.usedBytes ?? 0,
      routes: counters.byRoute(),
    };
  }

  #purgeSome(meant: readonly PlaceOfAnswer[], isSoft: boolean): number {
    return meant.reduce((count, place) => count + Number(this.#purgeOne(place, isSoft)), 0);
  }

  #purgeOne({ slot, generation }: PlaceOfAnswer, isSoft: boolean): boolean {
    const { table, counters } = this.#core;
    if (table.state(slot) !== STATE.WHOLE || table.get(slot, SLOT.GENERATION) !== generation) return false;
    // A copy goes with its answer, and is not counted.
    const isOriginal = table.encoding(slot) === 0;
    if (isOriginal) counters.purged(table.get(slot, SLOT.ROUTE));
    // A file does not know that its answer was purged softly.
    if (!isSoft || this.#isOnDisk(slot)) {
      table.drop(slot);
      return isOriginal;
    }
    table.forgetFile(slot);
    table.set(slot, SLOT.FLAGS, table.get(slot, SLOT.FLAGS) | SLOT_FLAG.SOFT);
    table.changed(table.bucketOf(table.get(slot, SLOT.HASH)));
    return isOriginal;
  }

  #look(key: string): readonly StoredAnswer[] {
    const { table, memory } = this.#core;
    const hash = keyHash(key);
    const bucket = table.bucketOf(hash.one);
    this.#lastVersion = table.version(bucket);
    if (Atomics.load(memory.buckets, bucket) === 0) return NOTHING;
    const { version, found } = this.#core.locked(() => ({
      version: table.version(bucket),
      found: this.#unpackAll(key, hash),
    }));
    if (found.length === 0) return NOTHING;
    const answers = withCopies(found);
    this.#near.put(key, { bucket, version }, answers);
    return answers;
  }

  #unpackAll(key: string, hash: KeyHash): Unpacked[] {
    const { table, memory } = this.#core;
    const found: Unpacked[] = [];
    for (const slot of table.withHash(hash)) {
      const unpacked = unpackSlot(memory, table, slot, this.#mostReady);
      if (unpacked.answer.key === key) found.push(unpacked);
    }
    return found;
  }

  #isOnDisk(slot: number): boolean {
    return (this.#core.table.get(slot, SLOT.FLAGS) & SLOT_FLAG.ON_DISK) !== 0;
  }

  /** What is asked for comes back into memory, unless it is large. */
  #openFile(answer: StoredAnswer, reader: BodyReader, range?: ByteRange): BodyReading | null {
    const isWhole = range === undefined && answer.bodyLength <= Math.min(MOST_BROUGHT_BACK, this.mostOfOne);
    const taker = isWhole
      ? new BringingBack(reader, answer.bodyLength, (body) => this.#bringBack(answer, body))
      : reader;
    return this.#core.disk?.read(answer, taker, range) ?? null;
  }

  #bringBack(answer: StoredAnswer, body: Buffer): void {
    const { table, memory } = this.#core;
    const { slot } = answer;
    this.#core.locked(() => {
      if (!this.#isThere(answer) || table.state(slot) !== STATE.WHOLE || !this.#isOnDisk(slot)) return;
      // Room is not made by dropping it.
      memory.queues.remove(slot);
      const chain = this.#core.takeChain(body.length);
      if (chain === 0) {
        memory.queues.put(slot, QUEUE.DISK);
        return;
      }
      writeChain(memory.arena, chain, 0, body);
      table.set(slot, SLOT.BODY_FIRST, chain);
      moveBody(this.#core, slot, true);
    });
  }

  #isThere({ slot, generation }: PlaceOfAnswer): boolean {
    const { table } = this.#core;
    const state = table.state(slot);
    return table.get(slot, SLOT.GENERATION) === generation && (state === STATE.WHOLE || state === STATE.DROPPED);
  }

  #sourceOf({ slot, bodyLength, trailers }: StoredAnswer): BodySource {
    return {
      slot,
      written: bodyLength,
      status: 'whole',
      trailers,
      firstBlock: this.#core.table.get(slot, SLOT.BODY_FIRST),
    };
  }
}

/** Copies of an answer that is there no more are nobody's. */
function withCopies(found: readonly Unpacked[]): readonly StoredAnswer[] {
  const copies = found.filter(({ copyOf }) => copyOf !== 0);
  return found
    .filter(({ copyOf }) => copyOf === 0)
    .map(({ answer }) => ({
      ...answer,
      copies: copies
        .filter(({ copyOf }) => copyOf === answer.serial)
        .map((copy): StoredAnswer => ({ ...copy.answer, copies: NOTHING })),
    }));
}
