// A body on its way into the cache, which its readers get as it comes. Rule: it is found only when it is complete; what turns out to be too
// large to be kept goes on to those that read it already, at the pace of the slowest, and is forgotten behind them.
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { type BodyReader, type BodyReading, type BodySource, MemoryReading } from './body-reading.ts';
import { ChainEnd } from './chain-bytes.ts';
import { SLOT, SLOT_FLAG, STATE } from './slot-fields.ts';
import type { DiskSpool } from './disk-spool.ts';
import type { StoreCore } from './store-core.ts';
import {
  dropVariant,
  enterSlot,
  setDeclared,
  setFlushedPieces,
  setSpooled,
  writeHead,
  writeTrailers,
} from './slot-writing.ts';
import { PIECE_BYTES } from './disk-file.ts';
import type { CopyEncoding } from './stored-answer.ts';
import { MOST_AT_ONCE_BYTES, WholeAnswer } from './whole-answer.ts';

const NOTHING = new Uint8Array(0);
/** Of what is not kept, a reader may be so much behind the origin. */
const MOST_BEHIND_BYTES = 1_048_576;
/** How long others wait for a reader that takes nothing of what is not kept. */
const PATIENCE_MS = 10_000;

export interface FillOptions {
  /** A longer body is not kept. */
  readonly mostBytes?: number;
  readonly encoding?: CopyEncoding;
  /** The serial of the answer that this one is a copy of in another encoding. */
  readonly copyOf?: number;
  /** What `purgeClock` of the store was when it was asked for; it is not kept if it was purged since then. */
  readonly since?: number;
}

/** A filling as those see it that wait for it, on whichever thread it is filled. */
export interface JoinedFilling {
  readonly key: string;
  readonly meta: AnswerMeta;
  /** -1: only its end will tell. */
  readonly bodyLength: number;
  readonly status: 'open' | 'whole' | 'torn';
  /** Where copies of it belong to; 0: nowhere. */
  takeSerial(): number;
  /** From the first byte on. Null: some of it is gone already. */
  read(reader: BodyReader): BodyReading | null;
}

export interface FillRequest extends FillOptions {
  readonly key: string;
  readonly meta: AnswerMeta;
  /** -1: only its end will tell. */
  readonly bodyLength: number;
  readonly mostBytes: number;
}

export class Filling implements BodySource, JoinedFilling {
  readonly key: string;
  readonly meta: AnswerMeta;
  /** -1: only its end will tell. */
  readonly bodyLength: number;
  #slot = -1;
  written = 0;
  status: 'open' | 'whole' | 'torn' = 'open';
  isGivenUp = false;
  trailers: readonly FieldLine[] = [];
  /** Called when more can be written, after `write` answered false. */
  onDrain: (() => void) | null = null;
  /** Called when more of it is there. */
  onMore: (() => void) | null = null;
  /** Called once when it has a place in memory, or has not got one, if that was open at first. */
  onBegun: (() => void) | null = null;
  /** Called once when it has ended, well or not. */
  onOver: (() => void) | null = null;
  readonly #core: StoreCore;
  readonly #request: FillRequest;
  readonly #since: number;
  readonly #epoch: number;
  #pin = -1;
  #readings: MemoryReading[] = [];
  #hasHead = false;
  /** The slot may be another's. */
  #isLetGo = false;
  #isKept = true;
  /** It takes no place before it is known whether its body comes in one piece. */
  #isPending: boolean;
  #whole: WholeAnswer | null = null;
  #spool: DiskSpool | null = null;
  #last = 0;
  /** How much of the last block is free. */
  #tail = 0;
  #isHeld = false;
  /** Something that is not stored comes after what is. */
  #hasGap = false;
  #patience: NodeJS.Timeout | null = null;

  constructor(core: StoreCore, request: FillRequest) {
    this.#core = core;
    this.#request = request;
    this.#since = request.since ?? core.purges.now;
    this.key = request.key;
    this.meta = request.meta;
    this.bodyLength = request.bodyLength;
    this.#epoch = core.epoch;
    const { bodyLength, mostBytes } = request;
    this.#isPending = bodyLength >= 0 && bodyLength <= Math.min(mostBytes, MOST_AT_ONCE_BYTES);
    if (!this.#isPending) this.takePlace();
  }

  /** For those who read it before all of it is there. */
  takePlace(): void {
    if (this.#slot >= 0 || this.#whole !== null) return;
    this.#isPending = false;
    this.#slot = this.#core.locked(() => this.#core.takeSlot());
    this.#isKept = this.#core.locked(() => this.#begin());
    if (!this.#isKept) this.#openSpool();
    this.onBegun?.();
  }

  /** Its place is not settled: `onBegun` will tell, unless it comes in one piece. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /** -1: it has none, or has lost it when everything was forgotten. */
  get slot(): number {
    return this.#epoch === this.#core.epoch ? this.#slot : -1;
  }

  /** What it brings will be found when it is complete. Else only who reads it from the first byte on gets it. */
  get isKept(): boolean {
    return this.#isKept || (this.#spool !== null && this.#spool.status !== 'torn');
  }

  /** Other threads can read it: it is kept, and what is known of it lies where they see it. */
  get isShared(): boolean {
    return this.isKept && this.#hasHead;
  }

  /** How many read it; those of other threads count as one. */
  get readers(): number {
    return this.#readings.length + (this.#spool?.readers ?? 0) + Number(this.#isReadElsewhere);
  }

  /** Where copies of it in other encodings belong to; 0: nowhere, for it will lie in a file. */
  takeSerial(): number {
    if (this.#isPending) this.takePlace();
    return this.#isKept && this.slot >= 0 ? this.#core.table.get(this.slot, SLOT.SERIAL) : 0;
  }

  get firstBlock(): number {
    return this.#core.table.get(this.slot, SLOT.BODY_FIRST);
  }

  /** Copies the bytes. False: a reader of what is not kept is behind; wait for `onDrain`. */
  write(bytes: Uint8Array, from = 0, to: number = bytes.length): boolean {
    if (this.status !== 'open' || from === to) return true;
    if (this.#isPending) {
      if (to - from === this.bodyLength && this.#putWhole(bytes, from, to)) return true;
      this.takePlace();
    }
    if (this.#whole !== null) this.#takeBack();
    if (this.#isKept && !this.#keep(bytes, from, to)) this.#pass();
    this.#spool?.write(bytes, from, to);
    if (!this.#isKept) this.#passOn(bytes, from, to);
    this.written += to - from;
    for (const reading of this.#readings) reading.pump();
    this.onMore?.();
    return this.#mayGoOn();
  }

  /** The body is complete. False: it is not as long as was said, and is cut. */
  end(trailers: readonly FieldLine[] = []): boolean {
    if (this.status !== 'open') return this.status === 'whole';
    if (this.#isPending && this.bodyLength === 0 && !this.#putWhole(NOTHING, 0, 0)) this.takePlace();
    if (this.#whole !== null) return this.#endWhole(trailers);
    if (this.bodyLength >= 0 && this.bodyLength !== this.written) {
      this.abort();
      return false;
    }
    this.trailers = trailers;
    this.#isKept = this.#isKept && this.#core.locked(() => this.#publish());
    this.#over('whole');
    this.#spool?.end();
    return true;
  }

  /** There will be no more of it: whoever reads it is cut, and nobody finds it. `isGivenUp`: nobody here wants it; the origin has not failed. */
  abort(isGivenUp = false): void {
    if (this.status !== 'open') return;
    this.#isPending = false;
    // All of it has come, and is there: that its end was not heard changes nothing of it.
    if (this.#whole !== null) {
      this.#endWhole(this.trailers);
      return;
    }
    this.isGivenUp = isGivenUp;
    this.#over('torn');
    this.#spool?.abort();
  }

  /** From the first byte on, or a later one that has come. Null: some of it is gone already. */
  read(reader: BodyReader, from = 0): BodyReading | null {
    if (this.#isPending) this.takePlace();
    if (this.#whole !== null) return this.#whole.read(reader, from);
    if (this.#spool !== null) {
      const reading = this.#spool.read(reader, from);
      reading?.resume();
      return reading;
    }
    if (this.slot < 0 || (!this.#isKept && this.written > 0)) return null;
    const pin = this.#core.locked(() => this.#core.pin(this.slot));
    const reading = new MemoryReading(this.#core, this, reader, { from, to: Infinity, pin });
    this.#readings.push(reading);
    reading.pump();
    return reading;
  }

  /** False: there was no room for it. */
  #putWhole(bytes: Uint8Array, from: number, to: number): boolean {
    const put = WholeAnswer.put(this.#core, this.#request, { bytes, from, to, since: this.#since });
    if (put === 'no-room') return false;
    this.#isPending = false;
    this.written = to - from;
    this.#isKept = put !== 'purged';
    this.#whole = put === 'purged' ? null : put;
    return true;
  }

  /** More comes than was said: what was put was no whole answer. */
  #takeBack(): void {
    this.#whole?.drop();
    this.#whole = null;
    this.#isKept = false;
  }

  #endWhole(trailers: readonly FieldLine[]): boolean {
    this.trailers = trailers;
    this.status = 'whole';
    if (trailers.length > 0) this.#whole?.addTrailers(this.#request, trailers);
    this.onOver?.();
    return true;
  }

  moved(reading: MemoryReading): void {
    if (reading.isOver) this.#readings = this.#readings.filter((each) => each !== reading);
    if (this.#isKept || this.status !== 'open') return;
    this.#forgetBehind();
    if (!this.#isHeld || !this.#mayGoOn()) return;
    this.onDrain?.();
  }

  /** Under the lock. */
  #begin(): boolean {
    const { table } = this.#core;
    if (this.slot < 0) return false;
    table.setState(this.slot, STATE.FILLING);
    this.#pin = this.#core.pin(this.slot, true);
    setDeclared(table, this.slot, this.bodyLength);
    const { bodyLength, mostBytes } = this.#request;
    const fits = bodyLength <= mostBytes;
    if (!fits && !this.#mayGoToDisk) return false;
    this.#hasHead = writeHead(this.#core, this.slot, this.#request);
    if (!this.#hasHead || !fits) return false;
    return bodyLength <= 0 || this.#grow(bodyLength);
  }

  /** Under the lock: room for so many more bytes. */
  #grow(bytes: number): boolean {
    const { table, memory } = this.#core;
    const first = this.#core.takeChain(bytes);
    if (first === 0) return false;
    if (this.#last === 0) table.set(this.slot, SLOT.BODY_FIRST, first);
    else memory.arena.link(this.#last, first);
    if (this.#last === 0) this.#tail = 0;
    for (let block = first; block !== 0; block = memory.arena.next(block)) {
      this.#tail += memory.arena.sizeOf(block);
      this.#last = block;
    }
    return true;
  }

  #keep(bytes: Uint8Array, from: number, to: number): boolean {
    return this.written + to - from <= this.#request.mostBytes && this.#store(bytes, from, to);
  }

  #store(bytes: Uint8Array, from: number, to: number): boolean {
    const { table, memory } = this.#core;
    const length = to - from;
    return this.#core.locked(() => {
      if (this.slot < 0) return false;
      if (length > this.#tail && !this.#grow(length - this.#tail)) return false;
      this.#chain ??= new ChainEnd();
      this.#chain.write(memory.arena, table.get(this.slot, SLOT.BODY_FIRST), bytes.subarray(from, to));
      this.#tail -= length;
      table.setBodyLength(this.slot, this.written + length);
      return true;
    });
  }

  #chain: ChainEnd | null = null;

  /** From here on it is not kept. */
  #pass(): void {
    this.#isKept = false;
    this.#openSpool();
    this.onOverflow?.();
    this.#forgetBehind();
  }

  get #mayGoToDisk(): boolean {
    const { bodyLength, encoding = '' } = this.#request;
    return encoding === '' && bodyLength <= (this.#core.disk?.mostOfOne ?? -1);
  }

  /** What does not fit into memory goes to the disk, if there is one. */
  #openSpool(): void {
    const { disk, memory, table } = this.#core;
    if (disk === null || this.slot < 0 || !this.#mayGoToDisk) return;
    const spool = disk.spool(
      this,
      { ...this.#request, since: this.#since },
      {
        drain: () => {
          if (this.#isHeld && this.#mayGoOn()) this.onDrain?.();
        },
        flushed: () => {
          if (this.slot >= 0 && !this.#isLetGo)
            setFlushedPieces(table, this.slot, Math.ceil(spool.flushed / PIECE_BYTES));
          this.onMore?.();
        },
        over: () => this.#letGo(),
      },
    );
    this.#spool = spool;
    this.#core.locked(() => setSpooled(table, this.slot, spool.file));
    let left = this.written;
    for (let block = this.firstBlock; left > 0 && block > 0 && this.slot >= 0; block = memory.arena.next(block)) {
      const size = Math.min(left, memory.arena.sizeOf(block));
      this.#spool.write(memory.arena.bytes, memory.arena.at(block), memory.arena.at(block) + size);
      left -= size;
    }
    // Everything was forgotten meanwhile, and what was read of it may be anything.
    if (left > 0 || this.slot < 0) spool.abort();
  }

  /** Called once when it turns out that it is not kept in memory. */
  onOverflow: (() => void) | null = null;

  #passOn(bytes: Uint8Array, from: number, to: number): void {
    this.#forgetBehind();
    const isAnyBehind = this.#readings.some((reading) => reading.isPaused || reading.at < this.written);
    const isInFile = this.#spool !== null && this.#spool.status !== 'torn';
    // What is stored has no gaps: as long as something of it is there, all that comes is stored behind it.
    const isStored = isAnyBehind || (!isInFile && (this.#isReadElsewhere || this.#hasChain));
    if (isStored && !this.#hasGap && this.#store(bytes, from, to)) return;
    this.#hasGap = this.#hasChain;
    // On other threads they go on to the file when they have read what is here.
    if (this.#isReadElsewhere && !isInFile) this.#flag(SLOT_FLAG.TORN);
    for (const reading of this.#readings) {
      if (reading.at < this.written || reading.isPaused) reading.fail();
      else reading.takeDirectly(bytes, from, to);
    }
  }

  get #hasChain(): boolean {
    return this.slot >= 0 && this.firstBlock !== 0;
  }

  /** Other threads read it, and nobody here knows how far they are. */
  get #isReadElsewhere(): boolean {
    return this.slot >= 0 && this.#core.table.get(this.slot, SLOT.PINS) > this.#readings.length + 1;
  }

  /** Gives back what everybody has taken. */
  #forgetBehind(): void {
    const { lock, table, memory } = this.#core;
    if (this.slot < 0 || this.#isReadElsewhere) return;
    lock.take();
    // Everything was forgotten before it was our turn.
    if (this.slot < 0) return lock.give();
    const isAtEnd = this.#readings.every((reading) => reading.at >= this.written);
    const standing = new Set(isAtEnd ? [] : this.#readings.map(({ block }) => block));
    let first = this.firstBlock;
    while (first !== 0 && !standing.has(0) && !standing.has(first)) {
      const next = memory.arena.next(first);
      memory.arena.giveOne(first);
      first = next;
    }
    table.set(this.slot, SLOT.BODY_FIRST, first);
    if (first === 0) this.#restart();
    lock.give();
  }

  #restart(): void {
    this.#last = 0;
    this.#tail = 0;
    this.#hasGap = false;
    this.#chain?.restart();
    for (const reading of this.#readings) reading.forgetBlock();
  }

  /** Whether more may be written; watches those that hold up the others. */
  #mayGoOn(): boolean {
    if (this.#spool !== null) this.#sendBehindToSpool(this.#spool);
    this.#isHeld =
      this.#spool?.isHeld === true ||
      (!this.#isKept &&
        this.status === 'open' &&
        this.#readings.some(
          ({ at, isPaused }) => (isPaused && this.#readings.length === 1) || this.written - at > MOST_BEHIND_BYTES,
        ));
    if (!this.#isHeld) this.#stopPatience();
    else if (this.#readings.length > 1) this.#patience ??= setTimeout(() => this.#losePatience(), PATIENCE_MS).unref();
    return !this.#isHeld;
  }

  /** Who is behind reads from the file, and holds up nobody. */
  #sendBehindToSpool(spool: DiskSpool): void {
    if (this.status !== 'open') return;
    for (const reading of this.#readings) {
      if (reading.isPaused || this.written - reading.at > 0) reading.goOn((reader, at) => spool.read(reader, at));
    }
  }

  #losePatience(): void {
    this.#patience = null;
    const furthest = Math.max(...this.#readings.map(({ at }) => at));
    for (const reading of this.#readings)
      if (this.written - reading.at > MOST_BEHIND_BYTES && reading.at < furthest) reading.fail();
  }

  #stopPatience(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
  }

  /** Under the lock: false: it was purged meanwhile, or there is no room for its trailers. */
  #publish(): boolean {
    const { table, counters } = this.#core;
    const { trailers } = this;
    if (this.slot < 0) return false;
    if (this.#core.purges.isPurged(this.#since, this.key, this.meta)) return false;
    if (trailers.length > 0 && !writeTrailers(this.#core, this.slot, { ...this.#request, trailers })) return false;
    dropVariant(this.#core, this.slot);
    enterSlot(this.#core, this.slot);
    counters.stored(table.get(this.slot, SLOT.ROUTE));
    return true;
  }

  #flag(flag: number): void {
    const { table } = this.#core;
    if (this.slot >= 0) table.set(this.slot, SLOT.FLAGS, table.get(this.slot, SLOT.FLAGS) | flag);
  }

  #over(status: 'whole' | 'torn'): void {
    this.status = status;
    this.#stopPatience();
    // What goes into a file is found when it is there: until then others read it as it is.
    const isOnItsWay = status === 'whole' && this.#spool !== null && this.#spool.status !== 'torn';
    this.#core.locked(() => {
      if (isOnItsWay) this.#sayWhole();
      this.#flag(status === 'torn' ? SLOT_FLAG.TORN : SLOT_FLAG.ENDED);
      if (!isOnItsWay) this.#giveUp();
    });
    for (const reading of this.#readings) {
      if (status === 'torn') reading.fail();
      else reading.pump();
    }
    if (!isOnItsWay) this.onOver?.();
  }

  /** Under the lock: how long it has become, and what comes behind it. */
  #sayWhole(): void {
    if (this.slot < 0 || !this.#hasHead) return;
    const { trailers } = this;
    setDeclared(this.#core.table, this.slot, this.written);
    if (trailers.length > 0) writeTrailers(this.#core, this.slot, { ...this.#request, trailers });
  }

  /** The file is found, or never will be. */
  #letGo(): void {
    if (this.#isLetGo) return;
    if (this.#spool?.status === 'torn') this.#flag(SLOT_FLAG.TORN);
    this.onMore?.();
    if (this.status !== 'whole') return;
    this.onOver?.();
    this.#core.locked(() => this.#giveUp());
  }

  /** Under the lock. */
  #giveUp(): void {
    if (this.slot >= 0 && (this.status === 'torn' || !this.#isKept)) this.#core.table.drop(this.slot);
    this.#core.unpinLocked(this.slot, this.#pin);
    this.#isLetGo = true;
  }
}
