// What everything in the store of the cache works with: the memory, the slots, the lock, and room for what is new. Rule: room is made by
// dropping answers that are whole and that nobody has claimed for long; what is being filled or read stays until that is over.
import type { CacheCounters } from './cache-counters.ts';
import { SLOT } from './slot-fields.ts';
import { SlotTable } from './slot-table.ts';
import { StoreLock } from './store-lock.ts';
import { HEADER, type StoreMemory, unitCost } from './store-memory.ts';

export class StoreCore {
  readonly memory: StoreMemory;
  readonly table: SlotTable;
  readonly lock: StoreLock;
  readonly counters: CacheCounters;

  constructor(memory: StoreMemory, thread: number, counters: CacheCounters) {
    this.memory = memory;
    this.table = new SlotTable(memory);
    this.lock = new StoreLock(memory.header, HEADER.LOCK, thread);
    this.counters = counters;
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

  /** Under the lock. */
  pin(slot: number): void {
    this.table.add(slot, SLOT.PINS, 1);
  }

  unpin(slot: number): void {
    this.lock.take();
    this.table.unpin(slot);
    this.lock.give();
  }

  #evictOne(): boolean {
    const slot = this.memory.queues.next();
    if (slot < 0) return false;
    this.counters.evicted(this.table.get(slot, SLOT.ROUTE));
    this.table.drop(slot);
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
