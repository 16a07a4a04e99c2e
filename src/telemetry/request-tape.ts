// The last requests of one thread. Rule: to keep one costs as little as a place in an array; who reads gets what is still there, and is told
// how many it has missed.
import type { SeenRequest } from './seen-request.ts';

/** So many are looked back at. */
export const TAPE_LENGTH = 1000;

export interface TapeReading {
  /** The oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Came after those that were read before, and could not be kept. */
  readonly missed: number;
  /** Where to read on. */
  readonly position: number;
}

export class RequestTape {
  readonly #kept: SeenRequest[] = [];
  #count = 0;

  add(seen: SeenRequest): void {
    this.#kept[this.#count % TAPE_LENGTH] = seen;
    this.#count += 1;
  }

  /** What has come since a position, no more than `most` of it, and of that the newest. */
  read(since: number, most: number): TapeReading {
    // It may have been read from the tape of a worker that is gone.
    const begin = since > this.#count ? 0 : since;
    const from = Math.max(begin, this.#count - Math.min(most, TAPE_LENGTH), 0);
    const turn = this.#count % TAPE_LENGTH;
    const inOrder = this.#count <= TAPE_LENGTH ? this.#kept : [...this.#kept.slice(turn), ...this.#kept.slice(0, turn)];
    return {
      requests: from === this.#count ? [] : inOrder.slice(from - this.#count),
      missed: from - begin,
      position: this.#count,
    };
  }
}
