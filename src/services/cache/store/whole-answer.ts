// An answer whose body comes in one piece, as most small ones do: it is put into the cache at once, under one lock, without ever being seen
// half there. Rule: it is found from then on as any other; whoever still reads it by its filling gets it as long as it is there.
import { type BodyReader, type BodyReading, MemoryReading } from './body-reading.ts';
import { writeChain } from './chain-bytes.ts';
import type { FillRequest } from './filling.ts';
import { SLOT, STATE } from './slot-fields.ts';
import { dropVariant, enterSlot, rewriteHead, writeHead } from './slot-writing.ts';
import type { StoreCore } from './store-core.ts';
import type { FieldLine } from '../answer-meta.ts';

/** What comes in one piece is not larger. */
export const MOST_AT_ONCE_BYTES = 32_768;

export interface WholeBody {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** What the purge clock said when it was asked for. */
  readonly since: number;
}

export class WholeAnswer {
  readonly #core: StoreCore;
  readonly #slot: number;
  readonly #generation: number;
  readonly #length: number;

  private constructor(core: StoreCore, slot: number, length: number) {
    this.#core = core;
    this.#slot = slot;
    this.#generation = core.table.get(slot, SLOT.GENERATION);
    this.#length = length;
  }

  /** `no-room`: it is to be tried in another way. `purged`: what was asked for then is wanted no more. */
  static put(core: StoreCore, request: FillRequest, body: WholeBody): WholeAnswer | 'no-room' | 'purged' {
    const { lock } = core;
    lock.take();
    try {
      if (core.purges.isPurged(body.since, request.key, request.meta)) return 'purged';
      const slot = core.takeSlot();
      if (slot < 0) return 'no-room';
      if (!write(core, slot, request, body)) {
        core.table.drop(slot);
        return 'no-room';
      }
      dropVariant(core, slot);
      enterSlot(core, slot);
      core.counters.stored(core.table.get(slot, SLOT.ROUTE));
      return new WholeAnswer(core, slot, body.to - body.from);
    } finally {
      lock.give();
    }
  }

  /** They have come behind the body. */
  addTrailers(request: FillRequest, trailers: readonly FieldLine[]): void {
    this.#core.locked(() => {
      const isFound = this.#isThere && this.#core.table.state(this.#slot) === STATE.WHOLE;
      if (isFound) rewriteHead(this.#core, this.#slot, { ...request, trailers });
    });
  }

  drop(): void {
    this.#core.locked(() => {
      if (this.#isThere) this.#core.table.drop(this.#slot);
    });
  }

  /** Null: it has left already. */
  read(reader: BodyReader, from = 0): BodyReading | null {
    const core = this.#core;
    const pin = core.locked(() => (this.#isThere ? core.pin(this.#slot) : null));
    if (pin === null) return null;
    const source = {
      slot: this.#slot,
      written: this.#length,
      status: 'whole',
      trailers: [],
      firstBlock: core.table.get(this.#slot, SLOT.BODY_FIRST),
    } as const;
    const reading = new MemoryReading(core, source, reader, { from, to: Infinity, pin });
    reading.pump();
    return reading;
  }

  get #isThere(): boolean {
    const { table } = this.#core;
    const state = table.state(this.#slot);
    if (state !== STATE.WHOLE && state !== STATE.DROPPED) return false;
    return table.get(this.#slot, SLOT.GENERATION) === this.#generation && table.get(this.#slot, SLOT.BODY_FIRST) !== 0;
  }
}

/** Under the lock. */
function write(core: StoreCore, slot: number, request: FillRequest, { bytes, from, to }: WholeBody): boolean {
  const { table, memory } = core;
  table.setState(slot, STATE.FILLING);
  if (!writeHead(core, slot, request)) return false;
  if (from === to) return true;
  const chain = core.takeChain(to - from);
  if (chain === 0) return false;
  table.set(slot, SLOT.BODY_FIRST, chain);
  table.setBodyLength(slot, to - from);
  writeChain(memory.arena, chain, 0, from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  return true;
}
