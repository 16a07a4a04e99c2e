// The second tier of the cache: files, for what is too large for memory and for what was pushed out of it. Rule: what lies there is in the index of
// the store, and only there is it looked for; a file that the index does not know is deleted, but at a start, when the index is made of the files.
import { mkdirSync, unlink, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DiskSpool, type SpooledHead, type SpoolEvents } from './disk-spool.ts';
import { DiskReading } from './disk-reading.ts';
import { DiskWriter, type DiskWriterEvents } from './disk-writer.ts';
import type { BodyReader, BodyReading, ByteRange } from './body-reading.ts';
import { QUEUE, SLOT, SLOT_FLAG } from './slot-fields.ts';
import { dropVariant, enterOnDisk, hasVariant, type HeadToWrite, writeHead } from './slot-writing.ts';
import type { StoreCore } from './store-core.ts';
import { HEADER } from './store-memory.ts';
import { packHead, type StoredAnswer } from './stored-answer.ts';

/* oxlint-disable typescript/no-non-null-assertion -- every index lies within the memory that was laid out. */

export interface DiskOptions {
  /** Of this run of the program. */
  readonly folder: string;
  readonly maxBytes: number;
}

export interface PushedOut {
  readonly head: HeadToWrite;
  readonly body: Buffer;
  /** See FillOptions. */
  readonly since: number;
}

export interface WholeFile {
  readonly bodyLength: number;
  /** It takes the place of what is found now. */
  readonly isNewest: boolean;
  readonly since: number;
}

/** Of the disk what one answer may take. */
const SHARE_OF_ONE = 4;
/** Of what memory pushes out as much may wait to be written. */
const MOST_WAITING_BYTES = 8_388_608;
const KIBIBYTE = 1024;
/** Beside the body. */
const HEAD_BYTES = 1024;

export class DiskTier {
  readonly folder: string;
  readonly #core: StoreCore;
  #maxBytes: number;
  #waitingBytes = 0;
  #gone: number[] = [];

  constructor(core: StoreCore, { folder, maxBytes }: DiskOptions) {
    this.#core = core;
    this.folder = folder;
    this.#maxBytes = maxBytes;
    mkdirSync(join(folder, 'new'), { recursive: true, mode: 0o700 });
    core.table.onFileGone = (file, bodyLength) => this.#fileGone(file, bodyLength);
  }

  get mostOfOne(): number {
    return Math.floor(this.#maxBytes / SHARE_OF_ONE);
  }

  get usedBytes(): number {
    return this.#core.memory.header[HEADER.DISK_KIBIBYTES]! * KIBIBYTE;
  }

  bound(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#core.locked(() => this.#makeRoom(0));
  }

  /** The next file, and who writes it. */
  begin(events: DiskWriterEvents): { readonly file: number; readonly writer: DiskWriter } {
    const file = this.nextFile();
    const [temporary, name] = this.pathsOf(file);
    return { file, writer: new DiskWriter(temporary, name, events) };
  }

  /** A body that is too large for memory. */
  spool(coming: ConstructorParameters<typeof DiskSpool>[1], head: SpooledHead, events: SpoolEvents): DiskSpool {
    return new DiskSpool(this, coming, head, events);
  }

  nextFile(): number {
    return Atomics.add(this.#core.memory.header, HEADER.FILE_SERIAL, 1) + 1;
  }

  pathOf(file: number): string {
    return join(this.folder, (file & 0xff).toString(16), file.toString(16));
  }

  /** While it is written, and when it is. */
  pathsOf(file: number): [temporary: string, name: string] {
    return [join(this.folder, 'new', file.toString(16)), this.pathOf(file)];
  }

  /** Under the lock: whether what memory pushes out may be taken. */
  mayTake(bodyLength: number): boolean {
    return this.#waitingBytes + bodyLength <= MOST_WAITING_BYTES && bodyLength <= this.mostOfOne;
  }

  /** It is found again when it is written, unless there is a newer one then. */
  take({ head, body, since }: PushedOut): void {
    this.#waitingBytes += body.length;
    const { file, writer } = this.begin({
      flushed: () => {},
      drain: () => {},
      done: (isWritten) => {
        this.#waitingBytes -= body.length;
        if (isWritten) this.adopt(file, head, { bodyLength: body.length, isNewest: false, since });
      },
    });
    writer.write(body, 0, body.length);
    writer.end(packHead({ trailers: [], copyOf: 0, ...head }));
  }

  /** A file that is written comes to be found. False: there is no room, or something newer; it is deleted. */
  adopt(file: number, head: HeadToWrite, whole: WholeFile): boolean {
    const isFound = this.#core.locked(() => this.#enter(file, head, whole));
    if (!isFound) unlink(this.pathOf(file), ignore);
    return isFound;
  }

  /** Null: it is gone. */
  read(answer: StoredAnswer, reader: BodyReader, range?: ByteRange): BodyReading | null {
    const file = this.#core.table.get(answer.slot, SLOT.FILE);
    const { bodyLength, trailers } = answer;
    const spoilt = (): void => this.#drop(answer);
    const reading = DiskReading.open({ path: this.pathOf(file), bodyLength, trailers, spoilt }, reader, range);
    if (reading === null) spoilt();
    return reading;
  }

  /** At once, not soon: for purges, whose effect outlives us. */
  deleteGone(): void {
    const gone = this.#gone;
    this.#gone = [];
    for (const file of gone) {
      try {
        unlinkSync(this.pathOf(file));
      } catch {
        // It is gone already.
      }
    }
  }

  #enter(file: number, head: HeadToWrite, { bodyLength, isNewest, since }: WholeFile): boolean {
    const { table, purges } = this.#core;
    if (purges.isPurged(since, head.key, head.meta) || !this.#makeRoom(bodyLength)) return false;
    const slot = this.#core.takeSlot();
    if (slot < 0) return false;
    table.setBodyLength(slot, bodyLength);
    if (!writeHead(this.#core, slot, head) || (!isNewest && hasVariant(this.#core, slot))) {
      table.drop(slot);
      return false;
    }
    table.set(slot, SLOT.FILE, file);
    table.set(slot, SLOT.FLAGS, SLOT_FLAG.ENDED | SLOT_FLAG.ON_DISK);
    dropVariant(this.#core, slot);
    enterOnDisk(this.#core, slot);
    this.#core.memory.header[HEADER.DISK_KIBIBYTES]! += sizeOnDisk(bodyLength);
    return true;
  }

  #makeRoom(bodyLength: number): boolean {
    const { table, memory, counters } = this.#core;
    const most = this.#maxBytes - sizeOnDisk(bodyLength) * KIBIBYTE;
    while (this.usedBytes > most) {
      const slot = memory.queues.nextOf(QUEUE.DISK);
      if (slot < 0) return false;
      counters.evicted(table.get(slot, SLOT.ROUTE));
      table.drop(slot);
    }
    return true;
  }

  #drop({ slot, generation }: StoredAnswer): void {
    const { table } = this.#core;
    this.#core.locked(() => {
      if (table.get(slot, SLOT.GENERATION) === generation) table.drop(slot);
    });
  }

  /** Under the lock. */
  #fileGone(file: number, bodyLength: number): void {
    this.#core.memory.header[HEADER.DISK_KIBIBYTES]! -= sizeOnDisk(bodyLength);
    if (this.#gone.length === 0) setImmediate(this.#deleteSoon);
    this.#gone.push(file);
  }

  readonly #deleteSoon = (): void => {
    for (const file of this.#gone) unlink(this.pathOf(file), ignore);
    this.#gone = [];
  };
}

function sizeOnDisk(bodyLength: number): number {
  return Math.ceil((bodyLength + HEAD_BYTES) / KIBIBYTE);
}

function ignore(): void {}
