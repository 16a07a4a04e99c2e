// Puts the parts of a message together. Rule: no message is longer than is allowed, and what is handed on is valid only during the call.
import { Buffer } from 'node:buffer';

/** Messages are seldom longer; room for one that is does not stay. */
const USUAL_BYTES = 80 * 1024;

export class MessageCollector {
  readonly #maxBytes: number;
  readonly #onMessage: (bytes: Buffer) => void;
  #room: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number, onMessage: (bytes: Buffer) => void) {
    this.#maxBytes = maxBytes;
    this.#onMessage = onMessage;
  }

  begin(): void {
    this.#length = 0;
  }

  /** False: it is too long. */
  part(bytes: Buffer, from: number, to: number): boolean {
    const length = this.#length + to - from;
    if (length > this.#maxBytes) return false;
    if (length > this.#room.length) this.#grow(length);
    bytes.copy(this.#room, this.#length, from, to);
    this.#length = length;
    return true;
  }

  end(): void {
    const message = this.#room.subarray(0, this.#length);
    this.#length = 0;
    if (this.#room.length > USUAL_BYTES) this.#room = Buffer.alloc(0);
    this.#onMessage(message);
  }

  /** An idle client that says little takes little. */
  #grow(length: number): void {
    const size = length > 4096 ? Math.max(length, Math.min(this.#room.length * 2, USUAL_BYTES)) : 4096;
    const larger = Buffer.allocUnsafeSlow(size);
    this.#room.copy(larger, 0, 0, this.#length);
    this.#room = larger;
  }
}
