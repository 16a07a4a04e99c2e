// What everything in the store of the cache works with: the memory, the slots, the lock, and room for what is new. Rule: room is made by
// dropping answers that are whole and that nobody has claimed for long; what is being filled or read stays until that is over.
import type { CacheCounters } from './cache-counters.ts';
import { readChain } from './chain-bytes.ts';
import type { DiskTier } from './disk-tier.ts';
import { PurgeClock } from './purge-clock.ts';
import { QUEUE, SLOT, SLOT_FLAG, STATE } from './slot-fields.ts';
import { moveBody } from './slot-writing.ts';
import { unpackSlot } from './stored-answer.ts';
import { SlotTable } from './slot-table.ts';
import { StoreLock } from './store-lock.ts';
import { HEADER, PINS_PER_THREAD, resetStoreMemory, type StoreMemory, unitCost } from './store-memory.ts';

export class StoreCore {
  readonly memory: StoreMemory;
  readonly table: SlotTable;
  readonly lock: StoreLock;
  readonly counters: CacheCounters;
  readonly purges: PurgeClock;
  disk: DiskTier | null = null;
  readonly #pinsFrom: number;
  #nextPin = 0;

  constructor(memory: StoreMemory, thread: number, counters: CacheCounters) {
    this.memory = memory;
    this.table = new SlotTable(memory);
    this.lock = new StoreLock(memory.header, HEADER.LOCK, thread, () => resetStoreMemory(memory));
    this.counters = counters;
    this.#pinsFrom = thread * PINS_PER_THREAD;
    this.purges = new PurgeClock(memory.purges);
  }

  /** Whatever goes wrong, the lock does not stay. */
  locked<T>(run: () => T): T {
    this.lock.take();
    try {
      return run();
    } finally {
      this.lock.give();
    }
  }

  /** Under the lock: a slot, for which another may have had to go; -1: there is none. */
  takeSlot(): number {
    for (;;) {
      const slot = this.table.take();
      if (slot >= 0 || !this.#evictOne()) return slot;
    }
  }

  /** Under the lock: a chain for so many bytes, for which others may have had to go; 0: there is no room. */
  takeChain(bytes: number): number {
    return this.makeRoom(bytes) ? this.memory.arena.take(bytes) : 0;
  }

  makeRoom(bytes: number): boolean {
    const units = Math.ceil((bytes * 9) / 8 / 128) + 1;
    if (units * unitCost() > this.table.maxBytes) return false;
    while (!this.table.hasRoom(units)) if (!this.#evictOne()) return false;
    return true;
  }

  /** Until no more is used than may be. */
  shrink(): void {
    this.lock.take();
    while (this.table.usedBytes > this.table.maxBytes && this.#evictOne());
    this.lock.give();
  }

  /** Another number after everything was forgotten: what lay anywhere before lies there no more. */
  get epoch(): number {
    return Atomics.load(this.memory.header, HEADER.EPOCH);
  }

  /** Under the lock: its memory is not given back before `unpin`, which is told what this has answered. */
  pin(slot: number, isFilling = false): number {
    const { pins } = this.memory;
    this.table.add(slot, SLOT.PINS, 1);
    for (let step = 0; step < PINS_PER_THREAD; step += 1) {
      this.#nextPin = (this.#nextPin + 1) % PINS_PER_THREAD;
      const at = this.#pinsFrom + this.#nextPin;
      if (pins[at] !== 0) continue;
      pins[at] = isFilling ? -slot - 1 : slot + 1;
      return at;
    }
    return -1;
  }

  unpin(slot: number, pin: number): void {
    this.lock.take();
    this.unpinLocked(slot, pin);
    this.lock.give();
  }

  /** Under the lock. */
  unpinLocked(slot: number, pin: number): void {
    const { pins } = this.memory;
    // Everything was forgotten meanwhile, pins and slots.
    if (slot < 0 || (pin >= 0 && Math.abs(pins[pin] ?? 0) !== slot + 1)) return;
    if (pin >= 0) pins[pin] = 0;
    this.table.unpin(slot);
  }

  /** Under the lock: what a thread that is gone was filling is torn, and what it was reading is let go. */
  forgetPins(thread: number): void {
    const from = thread * PINS_PER_THREAD;
    for (let at = from; at < from + PINS_PER_THREAD; at += 1) {
      const pinned = this.memory.pins[at] ?? 0;
      const slot = Math.abs(pinned) - 1;
      if (slot < 0) continue;
      if (pinned < 0 && this.table.state(slot) === STATE.FILLING) {
        this.table.set(slot, SLOT.FLAGS, this.table.get(slot, SLOT.FLAGS) | SLOT_FLAG.TORN);
        this.table.drop(slot);
      }
      this.unpinLocked(slot, at);
    }
  }

  /** What is known of files is in memory too, and has no more than half of it. */
  #nextToGo(): number {
    const { queues, arena } = this.memory;
    const isDiskDue = queues.units(QUEUE.DISK) * 2 > arena.units - arena.freeUnits;
    const slot = isDiskDue ? queues.nextOf(QUEUE.DISK) : queues.next();
    return slot >= 0 ? slot : queues.nextOf(QUEUE.DISK);
  }

  /** What has been asked for again goes to the disk when it has to leave. False: it has to go altogether. */
  #pushToDisk(slot: number): boolean {
    const { table, memory, disk } = this;
    const isHere = (table.get(slot, SLOT.FLAGS) & SLOT_FLAG.ON_DISK) === 0;
    if (disk === null || !isHere || table.encoding(slot) !== 0) return false;
    if (table.get(slot, SLOT.FILE) !== 0 && table.get(slot, SLOT.PINS) === 0) {
      const body = table.get(slot, SLOT.BODY_FIRST);
      if (body !== 0) memory.arena.give(body);
      table.set(slot, SLOT.BODY_FIRST, 0);
      moveBody(this, slot, false);
      return true;
    }
    const bodyLength = table.bodyLength(slot);
    const isSoft = (table.get(slot, SLOT.FLAGS) & SLOT_FLAG.SOFT) !== 0;
    if (!memory.queues.isLastFromMain || bodyLength === 0 || isSoft || !disk.mayTake(bodyLength)) return false;
    const body = Buffer.allocUnsafeSlow(bodyLength);
    readChain(memory.arena, table.get(slot, SLOT.BODY_FIRST), 0, body);
    const { key, meta, trailers } = unpackSlot(memory, table, slot).answer;
    disk.take({ head: { key, meta, trailers }, body, since: this.purges.now });
    return false;
  }

  #evictOne(): boolean {
    const slot = this.#nextToGo();
    if (slot < 0) return false;
    this.counters.evicted(this.table.get(slot, SLOT.ROUTE));
    if (!this.#pushToDisk(slot)) this.table.drop(slot);
    return true;
  }

  /** Not under the lock. */
  routeId(route: string): number {
    const known = this.counters.known(route);
    if (known !== undefined) return known;
    this.lock.take();
    const id = this.counters.idOf(route);
    this.lock.give();
    return id;
  }
}
