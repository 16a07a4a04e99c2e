// Lists of slots that run through the slots themselves: one head for each value of a hash, two links in each slot. Rule: a slot is in a
// list once, and leaves it without a walk; only touched under the lock.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that the constructor laid out. */
import { SLOT_INTS } from './slot-fields.ts';

export interface ListFields {
  readonly hash: number;
  readonly next: number;
  readonly before: number;
}

export class SlotLists {
  readonly #slots: Int32Array<SharedArrayBuffer>;
  readonly #heads: Int32Array<SharedArrayBuffer>;
  readonly #fields: ListFields;

  /** As many heads as a power of two. */
  constructor(slots: Int32Array<SharedArrayBuffer>, heads: Int32Array<SharedArrayBuffer>, fields: ListFields) {
    this.#slots = slots;
    this.#heads = heads;
    this.#fields = fields;
  }

  get count(): number {
    return this.#heads.length;
  }

  reset(): void {
    this.#heads.fill(0);
  }

  add(slot: number, hash: number): void {
    const base = slot * SLOT_INTS;
    const at = hash & (this.#heads.length - 1);
    const next = this.#heads[at]!;
    this.#slots[base + this.#fields.hash] = hash;
    this.#slots[base + this.#fields.next] = next;
    this.#slots[base + this.#fields.before] = 0;
    if (next !== 0) this.#slots[(next - 1) * SLOT_INTS + this.#fields.before] = slot + 1;
    this.#heads[at] = slot + 1;
  }

  remove(slot: number): void {
    const base = slot * SLOT_INTS;
    const next = this.#slots[base + this.#fields.next]!;
    const before = this.#slots[base + this.#fields.before]!;
    if (before === 0) this.#heads[this.#slots[base + this.#fields.hash]! & (this.#heads.length - 1)] = next;
    else this.#slots[(before - 1) * SLOT_INTS + this.#fields.next] = next;
    if (next !== 0) this.#slots[(next - 1) * SLOT_INTS + this.#fields.before] = before;
  }

  /** The slots with this hash. */
  with(hash: number): number[] {
    const found: number[] = [];
    for (let link = this.#heads[hash & (this.#heads.length - 1)]!; link !== 0;) {
      const base = (link - 1) * SLOT_INTS;
      if (this.#slots[base + this.#fields.hash] === hash) found.push(link - 1);
      link = this.#slots[base + this.#fields.next]!;
    }
    return found;
  }

  /** All slots under the head with this number. */
  under(head: number): number[] {
    const found: number[] = [];
    for (let link = this.#heads[head]!; link !== 0;) {
      found.push(link - 1);
      link = this.#slots[(link - 1) * SLOT_INTS + this.#fields.next]!;
    }
    return found;
  }
}
