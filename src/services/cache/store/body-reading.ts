// One reader of a body that lies in the memory of the cache, at a pace of its own, also while it is being written. Rule: as long as it
// reads, the memory is held for it and for nobody else; a reader that goes away or stands still holds up nobody.
import type { FieldLine } from '../answer-meta.ts';
import type { StoreCore } from './store-core.ts';

export interface BodyReader {
  /** The bytes are valid only during the call. False: no more before `resume`; these were taken. */
  take(bytes: Uint8Array, from: number, to: number): boolean;
  /** The body is complete. Nothing follows. */
  end(trailers: readonly FieldLine[]): void;
  /** There is no more of it, and what was taken is not the whole. Nothing follows. */
  failed(): void;
}

/** What is read: a body that is there, or one that is on its way. */
export interface BodySource {
  readonly slot: number;
  /** How much of it is there. */
  readonly written: number;
  readonly status: 'open' | 'whole' | 'torn';
  readonly trailers: readonly FieldLine[];
  /** The first block that is still there, plus one. */
  readonly firstBlock: number;
  /** A reader has got further, or is gone. */
  moved?(reading: MemoryReading): void;
}

export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface PinnedRange extends ByteRange {
  /** What `pin` of the slot has answered. */
  readonly pin: number;
}

/** Held by who reads. */
export interface BodyReading {
  /** The reader takes more. */
  resume(): void;
  /** The reader is gone; nothing of it is called any more. */
  cancel(): void;
}

export class MemoryReading implements BodyReading {
  /** Offset of what comes next. */
  at: number;
  isPaused = false;
  isOver = false;
  readonly #core: StoreCore;
  readonly #source: BodySource;
  readonly #reader: BodyReader;
  readonly #to: number;
  readonly #pin: number;
  readonly #epoch: number;
  #block = 0;
  #skip: number;
  #isPumping = false;
  #successor: BodyReading | null = null;

  constructor(core: StoreCore, source: BodySource, reader: BodyReader, { pin, from, to }: PinnedRange) {
    this.#core = core;
    this.#source = source;
    this.#reader = reader;
    this.#to = to;
    this.at = from;
    this.#skip = from;
    this.#pin = pin;
    this.#epoch = core.epoch;
  }

  resume(): void {
    if (this.#successor !== null) {
      this.#successor.resume();
      return;
    }
    this.isPaused = false;
    this.pump();
    if (!this.isOver) this.#source.moved?.(this);
  }

  cancel(): void {
    this.#successor?.cancel();
    if (this.isOver) return;
    this.#finish();
  }

  /** From here on it reads elsewhere. Null: it cannot, and has failed. */
  goOn(elsewhere: (reader: BodyReader, at: number) => BodyReading | null): void {
    if (this.isOver) return;
    this.#successor = elsewhere(this.#reader, this.at);
    this.#finish();
    if (this.#successor === null) this.#reader.failed();
    else if (!this.isPaused) this.#successor.resume();
  }

  fail(): void {
    if (this.isOver) return;
    this.#finish();
    this.#reader.failed();
  }

  /** Hands on what is there. */
  pump(): void {
    if (this.#isPumping || this.isOver) return;
    this.#isPumping = true;
    this.#handOn();
    this.#isPumping = false;
    if (!this.isOver && !this.isPaused) this.#endIfOver();
  }

  /** Bytes that lie nowhere, when everything before them was taken. */
  takeDirectly(bytes: Uint8Array, from: number, to: number): void {
    this.at += to - from;
    this.#block = 0;
    this.#skip = 0;
    if (!this.#reader.take(bytes, from, to)) this.isPaused = true;
  }

  /** The block that it stands in, plus one; 0: in none. */
  get block(): number {
    return this.#block;
  }

  /** What it has taken to the end is being given back. */
  forgetBlock(): void {
    this.#block = 0;
    this.#skip = 0;
  }

  #handOn(): void {
    const { arena } = this.#core.memory;
    while (!this.isPaused && !this.isOver) {
      const end = Math.min(this.#to, this.#source.written);
      if (this.at >= end) return;
      if (this.#core.epoch !== this.#epoch) return this.fail();
      if (!this.#findBlock()) return this.fail();
      const size = Math.min(arena.sizeOf(this.#block) - this.#skip, end - this.at);
      const from = arena.at(this.#block) + this.#skip;
      this.#skip += size;
      this.at += size;
      if (!this.#reader.take(arena.bytes, from, from + size)) this.isPaused = true;
    }
  }

  /** False: there is none, for everything was forgotten meanwhile. */
  #findBlock(): boolean {
    const { arena } = this.#core.memory;
    if (this.#block === 0) this.#block = this.#source.firstBlock;
    while (this.#block > 0 && this.#skip >= arena.sizeOf(this.#block)) {
      this.#skip -= arena.sizeOf(this.#block);
      this.#block = arena.next(this.#block);
      if (this.#core.epoch !== this.#epoch) return false;
    }
    return this.#block > 0;
  }

  #endIfOver(): void {
    const { status, written } = this.#source;
    // What was forgotten while it was read may have been read in the middle of that.
    if (status === 'torn' || this.#core.epoch !== this.#epoch) {
      this.fail();
    } else if (this.at >= this.#to || (status === 'whole' && this.at >= written)) {
      const { trailers } = this.#source;
      this.#finish();
      this.#reader.end(trailers);
    }
  }

  #finish(): void {
    this.isOver = true;
    this.#core.unpin(this.#source.slot, this.#pin);
    this.#source.moved?.(this);
  }
}
