// A filling of another thread, as this one reads it: from the memory that they share, or from the file that it goes into. Rule: it is told that
// there is more, and looks how much; its slot is pinned as long as it may be read, so that nothing of it is given back under its readers.
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { type BodyReader, type BodyReading, type BodySource, MemoryReading } from './body-reading.ts';
import { PIECE_BYTES } from './disk-file.ts';
import type { JoinedFilling } from './filling.ts';
import { SLOT, SLOT_FLAG } from './slot-fields.ts';
import { declaredLength, flushedPieces, spooledFile } from './slot-writing.ts';
import { type Spool, SpoolReading } from './spool-reading.ts';
import type { StoreCore } from './store-core.ts';
import { unpackSlot } from './stored-answer.ts';

type Status = 'open' | 'whole' | 'torn';

export class DistantFilling implements BodySource, JoinedFilling {
  readonly key: string;
  readonly meta: AnswerMeta;
  readonly bodyLength: number;
  readonly slot: number;
  readonly #core: StoreCore;
  readonly #pin: number;
  readonly #epoch: number;
  #readings: MemoryReading[] = [];
  /** Once it goes into a file. */
  #spool: DistantSpool | null = null;
  #isLetGo = false;
  #isPinned = true;

  /** Under the lock, of a slot that is being filled. */
  constructor(core: StoreCore, slot: number) {
    this.#core = core;
    this.slot = slot;
    this.#epoch = core.epoch;
    this.#pin = core.pin(slot);
    const { answer } = unpackSlot(core.memory, core.table, slot);
    this.key = answer.key;
    this.meta = answer.meta;
    this.bodyLength = declaredLength(core.table, slot);
  }

  takeSerial(): number {
    return this.#isSpooled ? 0 : this.#core.table.get(this.slot, SLOT.SERIAL);
  }

  /** In memory. */
  get written(): number {
    return this.#core.table.bodyLength(this.slot);
  }

  /** Of what is in memory, which goes on in the file if there is one. */
  get status(): Status {
    const status = this.#statusOfSlot;
    return status === 'whole' && this.#isSpooled ? 'open' : status;
  }

  /** Nobody need look any more. */
  get isEnded(): boolean {
    return (this.#spool === null ? this.status : this.#spool.status) !== 'open';
  }

  get trailers(): readonly FieldLine[] {
    const { memory, table } = this.#core;
    return this.#core.locked(() =>
      this.#core.epoch === this.#epoch ? unpackSlot(memory, table, this.slot).answer.trailers : [],
    );
  }

  get firstBlock(): number {
    return this.#core.table.get(this.slot, SLOT.BODY_FIRST);
  }

  read(reader: BodyReader): BodyReading | null {
    if (this.#isLetGo) return null;
    const spool = this.#spoolOf();
    if (spool !== null) {
      const reading = spool.read(reader, 0);
      reading?.resume();
      return reading;
    }
    const pin = this.#core.locked(() => this.#core.pin(this.slot));
    const reading = new MemoryReading(this.#core, this, reader, { from: 0, to: Infinity, pin });
    this.#readings.push(reading);
    reading.pump();
    return reading;
  }

  moved(reading: MemoryReading): void {
    if (reading.isOver) this.#readings = this.#readings.filter((each) => each !== reading);
  }

  /** There is more, or it is over. */
  look(): void {
    if (this.#spool !== null && !this.#isPinned) {
      this.#spool.look();
      return;
    }
    const isTorn = this.status === 'torn';
    const spool = this.#spoolOf();
    for (const reading of this.#readings) {
      if (isTorn) reading.fail();
      else if (spool === null) reading.pump();
      else reading.goOn((reader, at) => spool.read(reader, at));
    }
    spool?.look();
    if (this.#isLetGo && this.isEnded) this.#unpin();
  }

  /** Nobody new will read it. What goes into a file is looked at until it has ended. */
  letGo(): void {
    if (this.#isLetGo) return;
    this.#isLetGo = true;
    if (this.#spool === null || this.isEnded) this.#unpin();
  }

  #unpin(): void {
    if (!this.#isPinned) return;
    this.#isPinned = false;
    this.#spool?.freeze();
    this.#core.unpin(this.slot, this.#pin);
  }

  get #isSpooled(): boolean {
    return (this.#core.table.get(this.slot, SLOT.FLAGS) & SLOT_FLAG.SPOOLED) !== 0;
  }

  get #statusOfSlot(): Status {
    if (this.#core.epoch !== this.#epoch) return 'torn';
    const flags = this.#core.table.get(this.slot, SLOT.FLAGS);
    if ((flags & SLOT_FLAG.TORN) !== 0) return 'torn';
    return (flags & SLOT_FLAG.ENDED) !== 0 ? 'whole' : 'open';
  }

  #spoolOf(): DistantSpool | null {
    const { disk, table } = this.#core;
    if (this.#spool !== null || disk === null || !this.#isSpooled) return this.#spool;
    this.#spool = new DistantSpool(disk.pathsOf(spooledFile(table, this.slot)), () => ({
      status: this.#statusOfSlot,
      pieces: flushedPieces(table, this.slot),
      declared: declaredLength(table, this.slot),
      trailers: () => this.trailers,
    }));
    return this.#spool;
  }
}

interface SpooledSlot {
  readonly status: Status;
  readonly pieces: number;
  readonly declared: number;
  readonly trailers: () => readonly FieldLine[];
}

/** What of it can be read from the file. */
class DistantSpool implements Spool {
  readonly paths: readonly string[];
  readonly #see: () => SpooledSlot;
  #readings: SpoolReading[] = [];
  /** What it came to in the end. */
  #last: Pick<Spool, 'flushed' | 'status' | 'trailers'> | null = null;

  constructor(paths: readonly string[], see: () => SpooledSlot) {
    this.paths = paths;
    this.#see = see;
  }

  get flushed(): number {
    if (this.#last !== null) return this.#last.flushed;
    const { status, pieces, declared } = this.#see();
    const flushed = pieces * PIECE_BYTES;
    return status === 'whole' ? Math.min(flushed, declared) : flushed;
  }

  get written(): number {
    return this.flushed;
  }

  get status(): Status {
    if (this.#last !== null) return this.#last.status;
    const { status, pieces, declared } = this.#see();
    return status === 'whole' && pieces * PIECE_BYTES < declared ? 'open' : status;
  }

  get trailers(): readonly FieldLine[] {
    return this.#last === null ? this.#see().trailers() : this.#last.trailers;
  }

  read(reader: BodyReader, at: number): BodyReading | null {
    const reading = SpoolReading.open(this, reader, at, (over) => {
      this.#readings = this.#readings.filter((each) => each !== over);
    });
    if (reading !== null) this.#readings.push(reading);
    return reading;
  }

  look(): void {
    for (const reading of this.#readings) reading.look();
  }

  /** The slot is another's from here on. */
  freeze(): void {
    const { flushed, status } = this;
    this.#last = { flushed, status, trailers: status === 'whole' ? this.trailers : [] };
  }
}
