// One reader of a body that is on its way into a file, at a pace of its own. Rule: it reads what has gone into the file, so that however far it
// is behind it takes no memory and holds up nobody.
import { closeSync, openSync, read } from 'node:fs';
import type { FieldLine } from '../answer-meta.ts';
import type { BodyReader, BodyReading } from './body-reading.ts';
import { FIXED_BYTES, PIECE_BYTES } from './disk-file.ts';

export interface Spool {
  /** Where it is until it is whole, and then. */
  readonly paths: readonly string[];
  /** How much can be read. */
  readonly flushed: number;
  /** How much has come. */
  readonly written: number;
  readonly status: 'open' | 'whole' | 'torn';
  readonly trailers: readonly FieldLine[];
}

export class SpoolReading implements BodyReading {
  readonly #spool: Spool;
  readonly #reader: BodyReader;
  readonly #onOver: (reading: SpoolReading) => void;
  readonly #fd: number;
  readonly #piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #at: number;
  /** Until `resume` is called first. */
  #isPaused = true;
  #isBusy = false;
  #isOver = false;

  /** Null: the file cannot be opened. */
  static open(
    spool: Spool,
    reader: BodyReader,
    at: number,
    onOver: (reading: SpoolReading) => void,
  ): SpoolReading | null {
    for (const path of spool.paths) {
      try {
        return new SpoolReading(spool, reader, { at, fd: openSync(path, 'r') }, onOver);
      } catch {
        // It has its name by now, or is gone.
      }
    }
    return null;
  }

  private constructor(
    spool: Spool,
    reader: BodyReader,
    { at, fd }: { readonly at: number; readonly fd: number },
    onOver: (reading: SpoolReading) => void,
  ) {
    this.#spool = spool;
    this.#reader = reader;
    this.#onOver = onOver;
    this.#at = at;
    this.#fd = fd;
  }

  resume(): void {
    this.#isPaused = false;
    this.look();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#isBusy) closeSync(this.#fd);
    this.#onOver(this);
  }

  /** There may be more. */
  look(): void {
    if (this.#isPaused || this.#isBusy || this.#isOver) return;
    const { status, flushed, written } = this.#spool;
    if (status === 'torn') {
      this.#fail();
    } else if (this.#at < flushed) {
      this.#read(Math.min(PIECE_BYTES, flushed - this.#at));
    } else if (status === 'whole' && this.#at >= written) {
      const { trailers } = this.#spool;
      this.cancel();
      this.#reader.end(trailers);
    }
  }

  #read(size: number): void {
    this.#isBusy = true;
    read(this.#fd, this.#piece, 0, size, FIXED_BYTES + this.#at, (error, count) => {
      this.#isBusy = false;
      if (this.#isOver) {
        closeSync(this.#fd);
      } else if (error !== null || count === 0) {
        this.#fail();
      } else {
        this.#at += count;
        if (!this.#reader.take(this.#piece, 0, count)) this.#isPaused = true;
        this.look();
      }
    });
  }

  #fail(): void {
    this.cancel();
    this.#reader.failed();
  }
}
