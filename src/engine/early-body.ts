// What has come of a request's body before anybody was asked to answer it, for policies that go by what is in it. Rule: it goes on
// its way afterwards as it came; one piece of it at a time, so that whoever takes it can ask to wait.
import { Buffer } from 'node:buffer';
import type { EarlyBytes } from '../contract/exchange.ts';

const FIRST_BYTES = 16 * 1024;
const MOST_AHEAD_BYTES = 256 * 1024;
const PIECE_BYTES = 64 * 1024;

export interface EarlyAsk {
  readonly most: number;
  readonly isEnough: (soFar: Uint8Array) => boolean;
}

export class EarlyBody {
  private buffer: Buffer;
  private size = 0;
  /** So much of it is on its way already. */
  private passed = 0;
  private ask: EarlyAsk | null = null;
  private tell: ((bytes: EarlyBytes) => void) | null = null;

  /** `announced`: how long the body says that it is; below 0 where it does not. */
  constructor(announced: number) {
    this.buffer = Buffer.allocUnsafe(announced > 0 ? Math.min(announced, MOST_AHEAD_BYTES) : FIRST_BYTES);
  }

  /** Somebody waits for more of it. */
  get isAwaited(): boolean {
    return this.tell !== null;
  }

  get hasMore(): boolean {
    return this.passed < this.size;
  }

  wait(ask: EarlyAsk): Promise<EarlyBytes> {
    return new Promise((resolve) => {
      this.ask = ask;
      this.tell = resolve;
    });
  }

  /** Whoever waits is told if this is enough. */
  add(bytes: Uint8Array, from: number, to: number): void {
    this.reserve(this.size + to - from);
    this.buffer.set(bytes.subarray(from, to), this.size);
    this.size += to - from;
    this.judge(false);
  }

  judge(isWhole: boolean): void {
    const { ask, tell, size } = this;
    if (ask === null || tell === null) return;
    const bytes = this.buffer.subarray(0, size);
    if (!isWhole && size < ask.most && !ask.isEnough(bytes)) return;
    this.ask = null;
    this.tell = null;
    tell({ bytes, isWhole });
  }

  /** Hands over the next piece. */
  pass(take: (bytes: Buffer, from: number, to: number) => void): void {
    const from = this.passed;
    this.passed = Math.min(this.size, from + PIECE_BYTES);
    take(this.buffer, from, this.passed);
  }

  private reserve(size: number): void {
    if (size <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.buffer.length));
    larger.set(this.buffer.subarray(0, this.size));
    this.buffer = larger;
  }
}
