// Bytes into and out of a chain of blocks. Rule: offsets count from the first block on, and nothing is read past what was written.
import type { BlockArena } from './block-arena.ts';

/** Writes `bytes` from `offset` of the chain on; the chain is long enough. */
export function writeChain(arena: BlockArena, first: number, offset: number, bytes: Uint8Array): void {
  let block = first;
  let skip = offset;
  while (skip >= arena.sizeOf(block)) {
    skip -= arena.sizeOf(block);
    block = arena.next(block);
  }
  let from = 0;
  while (from < bytes.length) {
    const room = Math.min(arena.sizeOf(block) - skip, bytes.length - from);
    arena.bytes.set(bytes.subarray(from, from + room), arena.at(block) + skip);
    from += room;
    skip = 0;
    block = arena.next(block);
  }
}

/** Fills `into` from `at` on with `length` bytes of the chain from `offset` on. */
export function readChain(arena: BlockArena, first: number, offset: number, into: Uint8Array): void {
  let block = first;
  let skip = offset;
  let at = 0;
  while (at < into.length) {
    const size = arena.sizeOf(block);
    if (skip >= size) {
      skip -= size;
    } else {
      const length = Math.min(size - skip, into.length - at);
      const from = arena.at(block) + skip;
      into.set(arena.bytes.subarray(from, from + length), at);
      at += length;
      skip = 0;
    }
    block = arena.next(block);
  }
}

/** Where the next byte goes: found once, not by a walk from the first block on. */
export class ChainEnd {
  #block = 0;
  #skip = 0;

  restart(): void {
    this.#block = 0;
    this.#skip = 0;
  }

  write(arena: BlockArena, first: number, bytes: Uint8Array): void {
    if (this.#block === 0) this.#block = first;
    while (this.#skip >= arena.sizeOf(this.#block) && arena.next(this.#block) !== 0) {
      this.#skip -= arena.sizeOf(this.#block);
      this.#block = arena.next(this.#block);
    }
    writeChain(arena, this.#block, this.#skip, bytes);
    this.#skip += bytes.length;
  }
}
