// A body that is on its way to the disk because memory is too small for it, and those that read it from there. Rule: it takes as much memory
// as waits to be written, which is bounded; whoever reads it is as far as the file at most.
import type { FieldLine } from '../answer-meta.ts';
import type { BodyReader, BodyReading } from './body-reading.ts';
import type { DiskTier } from './disk-tier.ts';
import type { DiskWriter } from './disk-writer.ts';
import type { HeadToWrite } from './slot-writing.ts';
import { type Spool, SpoolReading } from './spool-reading.ts';
import { packHead } from './stored-answer.ts';

export interface SpooledHead extends HeadToWrite {
  /** See FillOptions. */
  readonly since: number;
}

/** The body as it comes. */
interface Coming {
  readonly written: number;
  readonly status: 'open' | 'whole' | 'torn';
  readonly trailers: readonly FieldLine[];
}

export interface SpoolEvents {
  /** More can be written. */
  drain(): void;
  /** More of it can be read from the file. */
  flushed(): void;
  /** It is found, or never will be. Called once. */
  over(): void;
}

export class DiskSpool implements Spool {
  /** Nothing more is to be written before it says so. */
  isHeld = false;
  readonly #tier: DiskTier;
  readonly #coming: Coming;
  readonly #head: SpooledHead;
  readonly file: number;
  readonly #events: SpoolEvents;
  readonly #writer: DiskWriter;
  #readings: SpoolReading[] = [];
  #isBroken = false;
  #isOver = false;

  constructor(tier: DiskTier, coming: Coming, head: SpooledHead, events: SpoolEvents) {
    this.#tier = tier;
    this.#coming = coming;
    this.#head = head;
    this.#events = events;
    const { file, writer } = tier.begin({
      flushed: () => {
        events.flushed();
        this.#lookAll();
      },
      drain: () => {
        this.isHeld = false;
        events.drain();
      },
      done: (isWritten) => this.#done(isWritten),
    });
    this.file = file;
    this.#writer = writer;
  }

  get paths(): readonly string[] {
    return this.#tier.pathsOf(this.file);
  }

  get flushed(): number {
    return this.#writer.flushed;
  }

  get written(): number {
    return this.#coming.written;
  }

  /** What the disk does not take is cut for those that read it from there. */
  get status(): 'open' | 'whole' | 'torn' {
    return this.#isBroken ? 'torn' : this.#coming.status;
  }

  get trailers(): readonly FieldLine[] {
    return this.#coming.trailers;
  }

  get readers(): number {
    return this.#readings.length;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    if (this.#writer.taken + to - from > this.#tier.mostOfOne) this.#break();
    if (!this.#isBroken && !this.#writer.write(bytes, from, to)) this.isHeld = true;
  }

  /** From its first `resume` on. */
  read(reader: BodyReader, at: number): BodyReading | null {
    if (this.#isBroken) return null;
    const reading = SpoolReading.open(this, reader, at, (over) => {
      this.#readings = this.#readings.filter((each) => each !== over);
    });
    if (reading === null) return null;
    this.#readings.push(reading);
    return reading;
  }

  end(): void {
    if (this.#isBroken) return;
    this.#writer.end(packHead({ copyOf: 0, ...this.#head, trailers: this.#coming.trailers }));
  }

  abort(): void {
    this.#break();
  }

  #break(): void {
    this.#isBroken = true;
    this.isHeld = false;
    this.#writer.abort();
    this.#settle();
  }

  #done(isWritten: boolean): void {
    if (!isWritten) {
      this.#isBroken = true;
      this.isHeld = false;
    } else {
      const head = { ...this.#head, trailers: this.#coming.trailers };
      this.#tier.adopt(this.file, head, {
        bodyLength: this.#coming.written,
        isNewest: true,
        since: this.#head.since,
      });
    }
    this.#settle();
  }

  #settle(): void {
    this.#lookAll();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.over();
  }

  #lookAll(): void {
    for (const reading of this.#readings) reading.look();
  }
}
