// One reader of a body that lies in a file, at a pace of its own. Rule: a piece goes to the reader only when it is what was written; the file is
// closed when the reading is over, however it ends.
import { closeSync, fstatSync, openSync, read } from 'node:fs';
import type { BodyReader, BodyReading, ByteRange } from './body-reading.ts';
import type { FieldLine } from '../answer-meta.ts';
import {
  decodeFixed,
  decodeTail,
  DIGEST_BYTES,
  digestOf,
  type FileShape,
  FIXED_BYTES,
  PIECE_BYTES,
  tailLength,
} from './disk-file.ts';

export interface DiskBody {
  readonly path: string;
  readonly bodyLength: number;
  readonly trailers: readonly FieldLine[];
  /** The file is not what was written. */
  readonly spoilt: () => void;
}

export class DiskReading implements BodyReading {
  readonly #fd: number;
  readonly #body: DiskBody;
  readonly #reader: BodyReader;
  readonly #to: number;
  readonly #piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #digests: Buffer | null = null;
  #at: number;
  #isPaused = false;
  #isBusy = false;
  #isOver = false;

  /** Null: there is no such file. */
  static open(body: DiskBody, reader: BodyReader, range?: ByteRange): DiskReading | null {
    try {
      return new DiskReading(openSync(body.path, 'r'), body, reader, range ?? { from: 0, to: body.bodyLength });
    } catch {
      return null;
    }
  }

  private constructor(fd: number, body: DiskBody, reader: BodyReader, range: ByteRange) {
    this.#fd = fd;
    this.#body = body;
    this.#reader = reader;
    this.#at = range.from;
    this.#to = Math.min(range.to, body.bodyLength);
    this.#readFixed();
  }

  resume(): void {
    this.#isPaused = false;
    this.#next();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#isBusy) closeSync(this.#fd);
  }

  #readFixed(): void {
    this.#read(Buffer.alloc(FIXED_BYTES), 0, (fixed) => {
      const shape = decodeFixed(fixed, fstatSync(this.#fd).size);
      if (shape === null || shape.bodyLength !== this.#body.bodyLength) this.#fail();
      else this.#readTail(shape);
    });
  }

  #readTail(shape: FileShape): void {
    this.#read(Buffer.allocUnsafeSlow(tailLength(shape)), FIXED_BYTES + shape.bodyLength, (tail) => {
      this.#digests = decodeTail(shape, tail)?.digests ?? null;
      if (this.#digests === null) this.#fail();
      else this.#next();
    });
  }

  #next(): void {
    if (this.#isPaused || this.#isBusy || this.#isOver || this.#digests === null) return;
    if (this.#at >= this.#to) {
      this.cancel();
      this.#reader.end(this.#body.trailers);
      return;
    }
    const index = Math.floor(this.#at / PIECE_BYTES);
    const from = index * PIECE_BYTES;
    const size = Math.min(PIECE_BYTES, this.#body.bodyLength - from);
    this.#read(this.#piece.subarray(0, size), FIXED_BYTES + from, (piece) => this.#take(index, piece));
  }

  #take(index: number, piece: Buffer): void {
    const digest = this.#digests?.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
    if (digest === undefined || !digestOf(piece).equals(digest)) {
      this.#fail();
      return;
    }
    const from = this.#at - index * PIECE_BYTES;
    const to = Math.min(piece.length, this.#to - index * PIECE_BYTES);
    this.#at += to - from;
    if (!this.#reader.take(piece, from, to)) this.#isPaused = true;
    this.#next();
  }

  /** All of `into`, or the reading has failed. */
  #read(into: Buffer, at: number, then: (bytes: Buffer) => void, filled = 0): void {
    this.#isBusy = true;
    read(this.#fd, into, filled, into.length - filled, at + filled, (error, count) => {
      this.#isBusy = false;
      if (this.#isOver) closeSync(this.#fd);
      else if (error !== null || (count === 0 && into.length > filled)) this.#fail();
      else if (filled + count < into.length) this.#read(into, at, then, filled + count);
      else then(into);
    });
  }

  #fail(): void {
    this.cancel();
    this.#body.spoilt();
    this.#reader.failed();
  }
}
