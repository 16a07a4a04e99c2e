// A reader of a body that lies on the disk, by whom it comes back into memory when all of it was read.
import type { FieldLine } from '../answer-meta.ts';
import type { BodyReader } from './body-reading.ts';

export class BringingBack implements BodyReader {
  readonly #reader: BodyReader;
  readonly #body: Buffer;
  readonly #whole: (body: Buffer) => void;
  #filled = 0;

  constructor(reader: BodyReader, bodyLength: number, whole: (body: Buffer) => void) {
    this.#reader = reader;
    this.#body = Buffer.allocUnsafeSlow(bodyLength);
    this.#whole = whole;
  }

  take(bytes: Uint8Array, from: number, to: number): boolean {
    this.#body.set(bytes.subarray(from, to), this.#filled);
    this.#filled += to - from;
    return this.#reader.take(bytes, from, to);
  }

  end(trailers: readonly FieldLine[]): void {
    if (this.#filled === this.#body.length) this.#whole(this.#body);
    this.#reader.end(trailers);
  }

  failed(): void {
    this.#reader.failed();
  }
}
