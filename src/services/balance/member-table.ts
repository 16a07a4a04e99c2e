// The state of all members of all groups, in memory that every thread reads and writes. A member has a slot for as long
// as somebody uses it; the slot is found by its key, so that a reload and every worker come to the same one.
// Rule: counters that race are only changed with Atomics; a time or an average may lose an update, never more.
import { SluiceError } from '../../core/errors.ts';
import { BINDING_BYTES, BindingTable } from './binding-table.ts';
import { hash32 } from './hash.ts';
import { FLOATS_PER_SLOT, INT, INTS_PER_SLOT, MemberSlot } from './member-slot.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every offset lies within the memory that the constructor laid out. */

const BYTES_PER_SLOT = INTS_PER_SLOT * 4 + FLOATS_PER_SLOT * 8;
/** 4 MiB of address space; memory is only taken by the part in use. */
const DEFAULT_CAPACITY = 16_384;

const HEADER_BYTES = 64;
/** In the header: the lock, and how many slots were ever given out. */
const LOCK = 0;
const USED = 1;
const LOCK_PATIENCE_MS = 2000;

export interface MemberTableOptions {
  /** The most members there may be; only the first table of the process decides. */
  readonly capacity?: number;
  /** The memory of the first table, for the tables of other threads. */
  readonly memory?: SharedArrayBuffer;
}

export class MemberTable {
  /** To be handed to other threads. */
  readonly memory: SharedArrayBuffer;
  readonly capacity: number;
  /** Who is bound to whom. */
  readonly bindings: BindingTable;
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #header: Int32Array;
  /** Open addressing by key: slot + 1, 0 = nothing here. Only touched under the lock. */
  readonly #index: Int32Array;

  constructor(options: MemberTableOptions = {}) {
    const capacity = options.capacity ?? DEFAULT_CAPACITY;
    const isFirst = options.memory === undefined;
    this.memory =
      options.memory ?? new SharedArrayBuffer(HEADER_BYTES + capacity * (BYTES_PER_SLOT + 8) + BINDING_BYTES);
    const bindingsAt = this.memory.byteLength - BINDING_BYTES;
    this.capacity = Math.floor((bindingsAt - HEADER_BYTES) / (BYTES_PER_SLOT + 8));
    this.bindings = new BindingTable(this.memory, bindingsAt, { isFirst });
    const floatsAt = HEADER_BYTES + this.capacity * INTS_PER_SLOT * 4;
    const indexAt = floatsAt + this.capacity * FLOATS_PER_SLOT * 8;
    this.#header = new Int32Array(this.memory, 0, HEADER_BYTES / 4);
    this.#ints = new Int32Array(this.memory, HEADER_BYTES, this.capacity * INTS_PER_SLOT);
    this.#floats = new Float64Array(this.memory, floatsAt, this.capacity * FLOATS_PER_SLOT);
    this.#index = new Int32Array(this.memory, indexAt, this.capacity * 2);
  }

  /** The slot of `key`, held until it is released. A key that was not there gets a slot full of zeros. */
  hold(key: string): MemberSlot {
    const [high, low] = [hash32(key, 1) | 0, hash32(key, 2) | 0];
    this.#lock();
    try {
      const slot = this.#find(high, low) ?? this.#add(high, low);
      this.#ints[slot * INTS_PER_SLOT + INT.HOLDERS]! += 1;
      return new MemberSlot(this.#ints, this.#floats, slot);
    } finally {
      this.#unlock();
    }
  }

  /** Its state stays until the room is needed, so that a member that comes back is known. */
  release(slot: MemberSlot): void {
    this.#lock();
    slot.add(INT.HOLDERS, -1);
    this.#unlock();
  }

  #find(high: number, low: number): number | undefined {
    const size = this.#index.length;
    for (let place = (high >>> 0) % size; ; place = (place + 1) % size) {
      const slot = this.#index[place]! - 1;
      if (slot < 0) return undefined;
      const base = slot * INTS_PER_SLOT;
      if (this.#ints[base] === high && this.#ints[base + INT.KEY_LOW] === low) return slot;
    }
  }

  #add(high: number, low: number): number {
    const slot = this.#header[USED]! < this.capacity ? this.#header[USED]! : this.#reclaim();
    if (slot === this.#header[USED]) this.#header[USED] = slot + 1;
    const base = slot * INTS_PER_SLOT;
    this.#ints.fill(0, base, base + INTS_PER_SLOT);
    this.#floats.fill(0, slot * FLOATS_PER_SLOT, (slot + 1) * FLOATS_PER_SLOT);
    this.#ints[base + INT.KEY_HIGH] = high;
    this.#ints[base + INT.KEY_LOW] = low;
    this.#enter(slot);
    return slot;
  }

  #enter(slot: number): void {
    const size = this.#index.length;
    let place = (this.#ints[slot * INTS_PER_SLOT]! >>> 0) % size;
    while (this.#index[place] !== 0) place = (place + 1) % size;
    this.#index[place] = slot + 1;
  }

  /** Takes a slot that nobody holds. Rare and slow: the index is made anew without it. */
  #reclaim(): number {
    for (let free = 0; free < this.capacity; free += 1) {
      if (this.#ints[free * INTS_PER_SLOT + INT.HOLDERS] !== 0) continue;
      this.#index.fill(0);
      for (let slot = 0; slot < this.capacity; slot += 1) if (slot !== free) this.#enter(slot);
      return free;
    }
    throw new SluiceError('internal', { message: `There is no room for more than ${this.capacity} members.` });
  }

  #lock(): void {
    const until = performance.now() + LOCK_PATIENCE_MS;
    while (Atomics.compareExchange(this.#header, LOCK, 0, 1) !== 0) {
      if (performance.now() > until) throw new SluiceError('internal', { message: 'The table of members is locked.' });
      Atomics.wait(this.#header, LOCK, 1, 10);
    }
  }

  #unlock(): void {
    Atomics.store(this.#header, LOCK, 0);
    Atomics.notify(this.#header, LOCK, 1);
  }
}
