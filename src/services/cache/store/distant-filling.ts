// A filling of another thread, as this one reads it: from the memory that they share. Rule: it is told that there is more, and looks how
// much; its slot is pinned as long as it may be read, so that nothing of it is given back under its readers.
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { type BodyReader, type BodyReading, type BodySource, MemoryReading } from './body-reading.ts';
import type { JoinedFilling } from './filling.ts';
import { SLOT, SLOT_FLAG } from './slot-fields.ts';
import { declaredLength } from './slot-writing.ts';
import type { StoreCore } from './store-core.ts';
import { unpackSlot } from './stored-answer.ts';

export class DistantFilling implements BodySource, JoinedFilling {
  readonly key: string;
  readonly meta: AnswerMeta;
  readonly bodyLength: number;
  readonly slot: number;
  readonly #core: StoreCore;
  readonly #pin: number;
  readonly #epoch: number;
  #readings: MemoryReading[] = [];
  #isLetGo = false;

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

  get written(): number {
    return this.#core.table.bodyLength(this.slot);
  }

  get status(): 'open' | 'whole' | 'torn' {
    if (this.#core.epoch !== this.#epoch) return 'torn';
    const flags = this.#core.table.get(this.slot, SLOT.FLAGS);
    if ((flags & SLOT_FLAG.TORN) !== 0) return 'torn';
    return (flags & SLOT_FLAG.ENDED) !== 0 ? 'whole' : 'open';
  }

  get trailers(): readonly FieldLine[] {
    return this.#core.locked(() => unpackSlot(this.#core.memory, this.#core.table, this.slot).answer.trailers);
  }

  get firstBlock(): number {
    return this.#core.table.get(this.slot, SLOT.BODY_FIRST);
  }

  read(reader: BodyReader): BodyReading | null {
    if (this.#isLetGo) return null;
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
    const isTorn = this.status === 'torn';
    for (const reading of this.#readings) {
      if (isTorn) reading.fail();
      else reading.pump();
    }
  }

  /** Nobody new will read it. */
  letGo(): void {
    if (this.#isLetGo) return;
    this.#isLetGo = true;
    this.#core.unpin(this.slot, this.#pin);
  }
}
