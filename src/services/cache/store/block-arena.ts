// The bytes of the cache: one piece of shared memory, given out in chains of blocks whose sizes are powers of two (a buddy allocator).
// Rule: whatever is free can be used, for a chain may be made of small blocks where no large one is left; only touched under the lock.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that the constructor laid out. */

export const UNIT_BYTES = 128;
/** Of the units: two links and a state. */
export const UNIT_OVERHEAD_BYTES = 9;
/** The largest block: 64 KiB. */
const MOST_ORDER = 9;
const FREE = 0x40;
const TAKEN = 0x20;
const ORDER = 0x0f;
/** A block may be larger than asked for by this part of it, rather than being two. */
const WASTE = 8;

export interface ArenaMemory {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Two for each unit: the next and the one before, plus one; 0: none. */
  readonly links: Int32Array<SharedArrayBuffer>;
  readonly states: Uint8Array<SharedArrayBuffer>;
  /** The first free block of each order, plus one; how many units are free; where fresh memory begins. */
  readonly heads: Int32Array<SharedArrayBuffer>;
}

export const ARENA_HEADS: number = MOST_ORDER + 3;
const FREE_UNITS = MOST_ORDER + 1;
/** From here on nothing was ever given out, and no memory is taken. */
const FRONTIER = MOST_ORDER + 2;

export class BlockArena {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly #links: Int32Array<SharedArrayBuffer>;
  readonly #states: Uint8Array<SharedArrayBuffer>;
  readonly #heads: Int32Array<SharedArrayBuffer>;
  readonly #units: number;

  constructor({ bytes, links, states, heads }: ArenaMemory) {
    this.bytes = bytes;
    this.#links = links;
    this.#states = states;
    this.#heads = heads;
    this.#units = states.length;
  }

  get freeUnits(): number {
    return this.#heads[FREE_UNITS]!;
  }

  get units(): number {
    return this.#units;
  }

  /** Everything is free. */
  reset(): void {
    this.#heads.fill(0);
    this.#heads[FREE_UNITS] = this.#units;
    const step = 1 << MOST_ORDER;
    const whole = this.#units - (this.#units % step);
    let at = whole;
    for (let order = MOST_ORDER - 1; order >= 0; order -= 1) {
      if ((this.#units & (1 << order)) === 0) continue;
      this.#putFree(at, order);
      at += 1 << order;
    }
    this.#heads[FRONTIER] = 0;
  }

  /** A chain for so many bytes: its first block plus one; 0: there is no room. */
  take(byteLength: number): number {
    let left = Math.ceil(byteLength / UNIT_BYTES);
    if (left > this.freeUnits) return 0;
    let first = 0;
    let last = 0;
    while (left > 0) {
      const block = this.#takeBlock(orderFor(left));
      if (first === 0) first = block + 1;
      else this.#links[(last - 1) * 2] = block + 1;
      last = block + 1;
      left -= 1 << this.#orderOf(block);
    }
    return first;
  }

  /** Puts a chain behind the last block of another. */
  link(last: number, first: number): void {
    this.#links[(last - 1) * 2] = first;
  }

  next(block: number): number {
    return this.#links[(block - 1) * 2]!;
  }

  /** Where its bytes begin. */
  at(block: number): number {
    return (block - 1) * UNIT_BYTES;
  }

  sizeOf(block: number): number {
    return UNIT_BYTES << this.#orderOf(block - 1);
  }

  lastOf(first: number): number {
    let block = first;
    while (this.next(block) !== 0) block = this.next(block);
    return block;
  }

  /** How many units the chain has. */
  unitsOf(first: number): number {
    let units = 0;
    for (let block = first; block !== 0; block = this.next(block)) units += 1 << this.#orderOf(block - 1);
    return units;
  }

  give(first: number): void {
    let block = first;
    while (block !== 0) {
      const next = this.next(block);
      this.giveOne(block);
      block = next;
    }
  }

  giveOne(block: number): void {
    const order = this.#orderOf(block - 1);
    this.#heads[FREE_UNITS]! += 1 << order;
    this.#merge(block - 1, order);
  }

  #merge(start: number, startOrder: number): void {
    let block = start;
    let order = startOrder;
    while (order < MOST_ORDER) {
      const buddy = block ^ (1 << order);
      if (buddy + (1 << order) > this.#units || this.#states[buddy] !== (FREE | order)) break;
      this.#dropFree(buddy, order);
      this.#states[buddy] = 0;
      this.#states[block] = 0;
      block = Math.min(block, buddy);
      order += 1;
    }
    this.#putFree(block, order);
  }

  /** One of this order, or a part of a larger one, or the largest of the smaller. */
  #takeBlock(wanted: number): number {
    let order = wanted;
    while (order <= MOST_ORDER && this.#heads[order] === 0) order += 1;
    if (order > MOST_ORDER && this.#advance()) order = MOST_ORDER;
    if (order > MOST_ORDER) {
      order = wanted - 1;
      while (this.#heads[order] === 0) order -= 1;
    }
    const block = this.#heads[order]! - 1;
    this.#dropFree(block, order);
    const given = Math.min(order, wanted);
    for (let half = order - 1; half >= given; half -= 1) this.#putFree(block + (1 << half), half);
    this.#states[block] = TAKEN | given;
    this.#links[block * 2] = 0;
    this.#heads[FREE_UNITS]! -= 1 << given;
    return block;
  }

  /** One more of the largest blocks, of memory that is fresh. */
  #advance(): boolean {
    const block = this.#heads[FRONTIER]!;
    if (block + (1 << MOST_ORDER) > this.#units) return false;
    this.#heads[FRONTIER] = block + (1 << MOST_ORDER);
    this.#putFree(block, MOST_ORDER);
    return true;
  }

  #orderOf(block: number): number {
    return this.#states[block]! & ORDER;
  }

  #putFree(block: number, order: number): void {
    const next = this.#heads[order]!;
    this.#states[block] = FREE | order;
    this.#links[block * 2] = next;
    this.#links[block * 2 + 1] = 0;
    if (next !== 0) this.#links[(next - 1) * 2 + 1] = block + 1;
    this.#heads[order] = block + 1;
  }

  #dropFree(block: number, order: number): void {
    const next = this.#links[block * 2]!;
    const before = this.#links[block * 2 + 1]!;
    if (before === 0) this.#heads[order] = next;
    else this.#links[(before - 1) * 2] = next;
    if (next !== 0) this.#links[(next - 1) * 2 + 1] = before;
  }
}

/** The largest that is filled, or nearly. */
function orderFor(units: number): number {
  const above = 32 - Math.clz32(units - 1);
  const order = units === 1 ? 0 : above;
  const isNearlyFilled = (1 << order) - units <= units / WASTE;
  return Math.min(MOST_ORDER, isNearlyFilled ? order : order - 1);
}
