// Which answers carry a tag. Each tag of an answer is a posting of five numbers in a chain of blocks that belongs to the answer; postings of
// one tag are linked. Rule: tags are known by two hashes only: two tags that meet in both are purged together, which harms nobody.

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that the constructor laid out. */
import { hash32 } from '../../balance/hash.ts';
import { type BlockArena, UNIT_BYTES } from './block-arena.ts';

/** Slot plus one; hash; second hash; next; before. Links are the place of a posting among the numbers of the arena, plus one. */
const POSTING = { SLOT: 0, HASH: 1, HASH_TWO: 2, NEXT: 3, BEFORE: 4 } as const;
const POSTING_INTS = 5;
const UNIT_INTS = UNIT_BYTES / 4;
const PER_UNIT = Math.floor(UNIT_INTS / POSTING_INTS);
const SEED = 0x7a65;
const SEED_TWO = 0x1b57;

export class TagLists {
  readonly #arena: BlockArena;
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #heads: Int32Array<SharedArrayBuffer>;

  constructor(arena: BlockArena, heads: Int32Array<SharedArrayBuffer>) {
    this.#arena = arena;
    this.#ints = new Int32Array(arena.bytes.buffer, arena.bytes.byteOffset, arena.bytes.byteLength / 4);
    this.#heads = heads;
  }

  reset(): void {
    this.#heads.fill(0);
  }

  bytesFor(tags: number): number {
    return Math.ceil(tags / PER_UNIT) * UNIT_BYTES;
  }

  /** `chain` has room for them. */
  add(slot: number, chain: number, tags: readonly string[]): void {
    let index = 0;
    for (const at of this.#places(chain)) {
      const tag = tags[index];
      index += 1;
      // Fresh to whoever walks: a block is given out with what was in it.
      this.#ints[at + POSTING.SLOT] = 0;
      if (tag !== undefined) this.#enter(at, slot, tag);
    }
  }

  remove(chain: number): void {
    for (const at of this.#places(chain)) {
      if (this.#ints[at + POSTING.SLOT] === 0) continue;
      const next = this.#ints[at + POSTING.NEXT]!;
      const before = this.#ints[at + POSTING.BEFORE]!;
      if (before === 0) this.#heads[this.#ints[at + POSTING.HASH]! & (this.#heads.length - 1)] = next;
      else this.#ints[before - 1 + POSTING.NEXT] = next;
      if (next !== 0) this.#ints[next - 1 + POSTING.BEFORE] = before;
    }
  }

  with(tag: string): number[] {
    const hash = hash32(tag, SEED) | 0;
    const two = hash32(tag, SEED_TWO) | 0;
    const found: number[] = [];
    for (let link = this.#heads[hash & (this.#heads.length - 1)]!; link !== 0;) {
      const at = link - 1;
      if (this.#ints[at + POSTING.HASH] === hash && this.#ints[at + POSTING.HASH_TWO] === two) {
        found.push(this.#ints[at + POSTING.SLOT]! - 1);
      }
      link = this.#ints[at + POSTING.NEXT]!;
    }
    return found;
  }

  #enter(at: number, slot: number, tag: string): void {
    const hash = hash32(tag, SEED) | 0;
    const head = hash & (this.#heads.length - 1);
    const next = this.#heads[head]!;
    this.#ints[at + POSTING.SLOT] = slot + 1;
    this.#ints[at + POSTING.HASH] = hash;
    this.#ints[at + POSTING.HASH_TWO] = hash32(tag, SEED_TWO) | 0;
    this.#ints[at + POSTING.NEXT] = next;
    this.#ints[at + POSTING.BEFORE] = 0;
    if (next !== 0) this.#ints[next - 1 + POSTING.BEFORE] = at + 1;
    this.#heads[head] = at + 1;
  }

  /** Where the postings of a chain may stand, unit by unit. */
  *#places(chain: number): Generator<number> {
    for (let block = chain; block !== 0; block = this.#arena.next(block)) {
      const units = this.#arena.sizeOf(block) / UNIT_BYTES;
      const from = this.#arena.at(block) / 4;
      for (let place = 0; place < units * PER_UNIT; place += 1) {
        yield from + Math.floor(place / PER_UNIT) * UNIT_INTS + (place % PER_UNIT) * POSTING_INTS;
      }
    }
  }
}
