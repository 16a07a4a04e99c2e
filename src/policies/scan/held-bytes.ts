// The part of a body that is still here: what has come and was not passed on. Rule: what is passed on has been shown before; many
// small pieces cost no more memory than one large one.
import { Buffer } from 'node:buffer';

/** As much as one read brings. */
const BLOCK_BYTES = 64 * 1024;
/** Blocks for the next body: new ones cost more time than what is done with them. */
const spare: Buffer[] = [];
const MAX_SPARE = 64;

interface Block {
  readonly bytes: Buffer;
  /** What has not been passed on begins there. */
  from: number;
  to: number;
}

type Take = (bytes: Buffer, from: number, to: number) => void;

export class HeldBytes {
  readonly #blocks: Block[] = [];
  /** How many blocks have been shown; all before it have, none behind it. */
  #shown = 0;
  #size = 0;
  #unshown = 0;

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that have come and were not shown yet. */
  get unshown(): number {
    return this.#unshown;
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    this.#size += to - from;
    this.#unshown += to - from;
    const last = this.#blocks.at(-1);
    let at = from;
    if (last !== undefined && this.#shown < this.#blocks.length) at += fill(last, bytes, from, to);
    while (at < to) {
      const block = { bytes: spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES), from: 0, to: 0 };
      at += fill(block, bytes, at, to);
      this.#blocks.push(block);
    }
  }

  /** Shows the next block, if one is full, or at the end of the body whatever there is. */
  show(isEnd: boolean, take: Take): boolean {
    const block = this.#blocks[this.#shown];
    if (block === undefined || (!isEnd && block.to < block.bytes.length)) return false;
    this.#shown += 1;
    this.#unshown -= block.to;
    take(block.bytes, 0, block.to);
    return true;
  }

  /** Passes on what was shown, in order, but for the last `tail` bytes of what is here. */
  pass(tail: number, take: Take): void {
    for (let left = Math.min(this.#size - tail, this.#size - this.#unshown); left > 0;) {
      const [block] = this.#blocks;
      // Whoever takes it may give up, and then nothing is left.
      if (block === undefined) return;
      const { bytes, from } = block;
      const to = Math.min(block.to, from + left);
      left -= to - from;
      this.#size -= to - from;
      block.from = to;
      const isDone = to === block.to;
      if (isDone) this.#drop();
      take(bytes, from, to);
      if (isDone) keep(bytes);
    }
  }

  /** Passes on all that is here, shown or not. */
  passAll(take: Take): void {
    const blocks = [...this.#blocks];
    this.clear();
    for (const { bytes, from, to } of blocks) {
      take(bytes, from, to);
      keep(bytes);
    }
  }

  /** What is here may be in somebody's hands just now, so it is nobody's afterwards. */
  clear(): void {
    this.#blocks.length = 0;
    this.#shown = 0;
    this.#size = 0;
    this.#unshown = 0;
  }

  #drop(): void {
    this.#blocks.shift();
    this.#shown -= 1;
  }
}

/** How many bytes went in. */
function fill(block: Block, bytes: Uint8Array, from: number, to: number): number {
  const count = Math.min(to - from, block.bytes.length - block.to);
  block.bytes.set(bytes.subarray(from, from + count), block.to);
  block.to += count;
  return count;
}

function keep(bytes: Buffer): void {
  if (spare.length < MAX_SPARE) spare.push(bytes);
}
