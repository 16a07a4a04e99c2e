// How much of one direction of a stream may be under way, as its receiver sees it. Rule: what was received is given back when it has
// really been written; the window grows while whoever reads keeps up with a sender that is held back by it, and shrinks to where it began
// for one who does not.
import { FIRST_WINDOW_BYTES } from '../../codec/tunnel/flow-messages.ts';

export const MOST_WINDOW_BYTES: number = 6 * 1024 * 1024;
/** A credit costs a message: small ones wait for each other, as long as the sender has more than half left. */
const MOST_OWED_BYTES = 256 * 1024;

/** Over a short way a window fills the line that is far smaller. */
const LEAST_MOST_BYTES = 1024 * 1024;
const BYTES_PER_MS = MOST_WINDOW_BYTES / 40;

/** What all streams of a connection share beside the window that each begins with. */
export class WindowBudget {
  leftBytes: number;
  /** What one window may grow to. */
  mostWindowBytes: number = MOST_WINDOW_BYTES;

  constructor(bytes: number) {
    this.leftBytes = bytes;
  }

  /** More than the way holds would only be memory, for a reader who stops. */
  knowRoundTrip(ms: number): void {
    this.mostWindowBytes = Math.min(MOST_WINDOW_BYTES, Math.max(LEAST_MOST_BYTES, Math.ceil(ms * BYTES_PER_MS)));
  }

  /** As much of it as there is. */
  take(bytes: number): number {
    const taken = Math.max(0, Math.min(bytes, this.leftBytes));
    this.leftBytes -= taken;
    return taken;
  }

  give(bytes: number): void {
    this.leftBytes += bytes;
  }
}

export class StreamWindow {
  readonly #budget: WindowBudget;
  #size: number;
  /** Of that, what came from the budget. */
  #borrowed = 0;
  /** What the sender may still send. */
  #left: number;
  /** Written, and not given back yet. */
  #owed = 0;

  constructor(budget: WindowBudget, firstBytes: number = FIRST_WINDOW_BYTES) {
    this.#budget = budget;
    this.#size = firstBytes;
    this.#left = firstBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** False: the sender has sent more than it may. */
  received(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** How much to give back now; 0: nothing yet. */
  written(bytes: number): number {
    this.#owed += bytes;
    if (this.#owed < Math.min(this.#size / 4, MOST_OWED_BYTES)) return 0;
    return this.#giveOwed();
  }

  /** The sender waits for us, and whoever reads has taken all there was: how much more to give it. */
  grow(): number {
    const wanted = Math.min(Math.max(this.#size, FIRST_WINDOW_BYTES), this.#budget.mostWindowBytes - this.#size);
    const more = this.#budget.take(wanted);
    this.#borrowed += more;
    this.#size += more;
    this.#owed += more;
    return this.#giveOwed();
  }

  /** The same where whoever reads does not keep up: what was borrowed goes back as it is written. */
  writtenSlowly(bytes: number): number {
    const less = Math.min(bytes, this.#borrowed);
    this.#borrowed -= less;
    this.#size -= less;
    this.#budget.give(less);
    return this.written(bytes - less);
  }

  close(): void {
    this.#budget.give(this.#borrowed);
    this.#borrowed = 0;
  }

  #giveOwed(): number {
    const bytes = this.#owed;
    this.#owed = 0;
    this.#left += bytes;
    return bytes;
  }
}
