// Writes one answer into a file, piece by piece as it comes. Rule: the file gets its name only when all of it is written, so that a program that
// dies leaves no half of one; of what is not written yet no more is held than a bound.
import { close, mkdirSync, openSync, rename, unlink, write } from 'node:fs';
import { dirname } from 'node:path';
import { digestOf, encodeFixed, encodeTail, FIXED_BYTES, PIECE_BYTES } from './disk-file.ts';
import type { PackedHead } from './stored-answer.ts';

/** As much may wait to be written. */
const MOST_WAITING_BYTES = 4_194_304;

export interface DiskWriterEvents {
  /** More of it can be read from the file. */
  flushed(): void;
  /** More can be taken, after `write` answered false. */
  drain(): void;
  /** All of it is written and has its name; false: it could not be. */
  done(isWritten: boolean): void;
}

export class DiskWriter {
  /** Of the body. */
  taken = 0;
  readonly #temporary: string;
  readonly #name: string;
  readonly #events: DiskWriterEvents;
  readonly #digests: Buffer[] = [];
  /** Pieces that wait; each is written with its place in the file. */
  readonly #waiting: { readonly bytes: Buffer; readonly at: number }[] = [];
  #waitingBytes = 0;
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #filled = 0;
  #fd = -1;
  #isBusy = false;
  #flushedPieces = 0;
  #isHeld = false;
  #isEnded = false;
  #isOver = false;

  /** `name`: of the file in the end; `temporary`: until then, in the same file system. */
  constructor(temporary: string, name: string, events: DiskWriterEvents) {
    this.#temporary = temporary;
    this.#name = name;
    this.#events = events;
    try {
      this.#fd = openSync(temporary, 'wx', 0o600);
    } catch {
      // Whoever made this one hears of it when it knows it.
      setImmediate(() => this.abort());
    }
  }

  /** Of the body what can be read from the file. */
  get flushed(): number {
    return Math.min(this.#flushedPieces * PIECE_BYTES, this.taken);
  }

  /** Where it is until it has its name. */
  get path(): string {
    return this.#temporary;
  }

  /** Copies the bytes. False: wait for `drain`. */
  write(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#isOver) return true;
    for (let at = from; at < to;) {
      const size = Math.min(PIECE_BYTES - this.#filled, to - at);
      this.#piece.set(bytes.subarray(at, at + size), this.#filled);
      this.#filled += size;
      at += size;
      if (this.#filled === PIECE_BYTES) this.#push();
    }
    this.taken += to - from;
    this.#isHeld = this.#waitingBytes > MOST_WAITING_BYTES;
    return !this.#isHeld;
  }

  /** The body is complete. */
  end(head: PackedHead): void {
    if (this.#isOver) return;
    if (this.#filled > 0) this.#push();
    const tail = encodeTail(this.#digests, head);
    this.#enqueue(tail, FIXED_BYTES + this.taken);
    this.#enqueue(encodeFixed(this.taken, head, tail), 0);
    this.#isEnded = true;
    this.#next();
  }

  /** Nothing of it stays. */
  abort(): void {
    if (!this.#isOver) this.#giveUp();
  }

  #push(): void {
    const piece = this.#piece.subarray(0, this.#filled);
    this.#digests.push(digestOf(piece));
    this.#enqueue(piece, FIXED_BYTES + (this.#digests.length - 1) * PIECE_BYTES);
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.#filled = 0;
    this.#next();
  }

  #enqueue(bytes: Buffer, at: number): void {
    this.#waiting.push({ bytes, at });
    this.#waitingBytes += bytes.length;
  }

  #next(): void {
    if (this.#isBusy || this.#fd < 0) return;
    const piece = this.#waiting.shift();
    if (piece === undefined || this.#isOver) {
      if (this.#isEnded || this.#isOver) this.#close();
      return;
    }
    this.#isBusy = true;
    this.#writeAll(piece.bytes, piece.at);
  }

  #writeAll(bytes: Buffer, at: number): void {
    write(this.#fd, bytes, 0, bytes.length, at, (error, written) => {
      if (error === null && written < bytes.length) {
        this.#waitingBytes -= written;
        this.#writeAll(bytes.subarray(written), at + written);
        return;
      }
      this.#isBusy = false;
      this.#waitingBytes -= bytes.length;
      if (error === null && this.#flushedPieces < this.#digests.length) this.#flushedPieces += 1;
      if (error !== null && !this.#isOver) this.#giveUp();
      this.#drain();
      this.#events.flushed();
      this.#next();
    });
  }

  #drain(): void {
    if (!this.#isHeld || this.#waitingBytes > MOST_WAITING_BYTES / 2) return;
    this.#isHeld = false;
    this.#events.drain();
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    this.#isBusy = true;
    close(fd, () => {
      if (this.#isOver) unlink(this.#temporary, ignore);
      else this.#nameIt();
    });
  }

  #nameIt(): void {
    try {
      mkdirSync(dirname(this.#name), { recursive: true, mode: 0o700 });
    } catch {
      // Renaming says so.
    }
    rename(this.#temporary, this.#name, (error) => {
      if (error !== null || this.#isOver) unlink(this.#isOver && error === null ? this.#name : this.#temporary, ignore);
      const wasOver = this.#isOver;
      this.#isOver = true;
      if (!wasOver) this.#events.done(error === null);
    });
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#events.done(false);
    if (this.#isHeld) this.#drain();
    this.#next();
  }
}

function ignore(): void {}
