// Host names by the million in one piece of memory, which every thread reads and nobody changes: a table of hashes, and behind it
// the names themselves, each with the line that it stands on. Rule: an answer is exact; a hash only says where to look.
import { Buffer } from 'node:buffer';
import { randomInt } from 'node:crypto';

/* oxlint-disable typescript/no-non-null-assertion -- every offset lies within the memory that the builder laid out. */

/** What an entry is for: the name itself, every name below it, or both. */
export const COVERS = { NAME: 1, BELOW: 2 } as const;

/** What is kept with a name: what it covers, and the line that it stands on, from 1. */
export function markOf(covers: number, line: number): number {
  return Math.min(line, LARGEST_LINE) * 4 + covers;
}

const HEADER_BYTES = 64;
/** Numbers of the header. */
const SLOTS = 0;
const SEED = 1;
const ENTRIES = 2;
const KINDS = 3;
const EVERYTHING = 4;

/** A hash, and where its name lies plus one; 0 = nobody. */
const BYTES_PER_SLOT = 8;
/** How full the table gets. Fuller costs longer searches, emptier costs memory. */
const LOAD = 0.7;
/** Before each name: the line and the kind in one number, and the length. */
const BYTES_PER_NAME = 5;
const LARGEST_LINE = 2 ** 30 - 1;
const MAX_SEED = 2 ** 31;
const TWO_32 = 2 ** 32;
const DOT = 46;

/**
 * Shared memory does not weigh anything for the garbage collector of a thread, so that sets which nobody needs any more would
 * pile up. This does, and takes no memory as long as nobody writes to it (bench/domain-filter.ts).
 */
const WEIGHTS = new WeakMap<SharedArrayBuffer, ArrayBuffer>();

export interface DomainEntry {
  /** As one would write it: `example.com`, `*.example.com`, or `*`. */
  readonly text: string;
  /** Where it stood first, from 1. */
  readonly line: number;
}

export class DomainSet {
  readonly memory: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #table: Int32Array;
  readonly #names: Uint8Array;
  readonly #slots: number;
  readonly #seed: number;
  readonly #hasBelow: boolean;
  readonly #everything: number;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    if (!WEIGHTS.has(memory)) WEIGHTS.set(memory, new ArrayBuffer(memory.byteLength));
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.#slots = this.#header[SLOTS]!;
    this.#seed = this.#header[SEED]!;
    this.#hasBelow = (this.#header[KINDS]! & COVERS.BELOW) !== 0;
    this.#everything = this.#header[EVERYTHING]! - 1;
    this.#table = new Int32Array(memory, HEADER_BYTES, this.#slots * 2);
    this.#names = new Uint8Array(memory, HEADER_BYTES + this.#slots * BYTES_PER_SLOT);
  }

  /** Different entries. */
  get size(): number {
    return this.#header[ENTRIES]!;
  }

  /** The entry that covers this name, -1 = none; to be looked at by `entryAt`. In lower case, without a dot at the end. */
  find(name: string): number {
    if (this.#everything >= 0) return this.#everything;
    let hash = this.#seed;
    for (let at = name.length - 1; at >= 0; at -= 1) {
      const code = name.charCodeAt(at);
      if (code === DOT && this.#hasBelow) {
        const found = this.#search(hash, name, at + 1, COVERS.BELOW);
        if (found >= 0) return found;
      }
      hash = mix(hash, code);
    }
    return this.#search(hash, name, 0, COVERS.NAME);
  }

  /** The entry that is this very text: of addresses, which have nothing below them. */
  findExactly(text: string): number {
    if (this.#everything >= 0) return this.#everything;
    let hash = this.#seed;
    for (let at = text.length - 1; at >= 0; at -= 1) hash = mix(hash, text.charCodeAt(at));
    return this.#search(hash, text, 0, COVERS.NAME);
  }

  entryAt(offset: number): DomainEntry {
    const names = this.#names;
    const mark = markAt(names, offset);
    const from = offset + BYTES_PER_NAME;
    const name = Buffer.from(names.slice(from, from + names[offset + 4]!)).toString('latin1');
    const line = Math.floor(mark / 4);
    if (name === '') return { text: '*', line };
    return { text: (mark & COVERS.NAME) === 0 ? `*.${name}` : name, line };
  }

  #search(hash: number, name: string, from: number, covers: number): number {
    const table = this.#table;
    for (let slot = slotOf(hash, this.#slots); ; slot = slot + 1 === this.#slots ? 0 : slot + 1) {
      const offset = table[slot * 2 + 1]! - 1;
      if (offset < 0) return -1;
      if (table[slot * 2] === hash && this.#isAt(offset, name, from) && (this.#names[offset]! & covers) !== 0)
        return offset;
    }
  }

  #isAt(offset: number, name: string, from: number): boolean {
    const names = this.#names;
    const length = name.length - from;
    if (names[offset + 4] !== length) return false;
    const first = offset + BYTES_PER_NAME;
    for (let at = 0; at < length; at += 1) if (names[first + at] !== name.charCodeAt(from + at)) return false;
    return true;
  }
}

export interface DomainSetRoom {
  /** The most entries that will be added. */
  readonly entries: number;
  /** The bytes of all their names. */
  readonly nameBytes: number;
}

/** Fills the memory of a set. What is there already is not added again. */
export class DomainSetBuilder {
  readonly #memory: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #table: Int32Array;
  readonly #names: Uint8Array;
  readonly #slots: number;
  readonly #seed = randomInt(MAX_SEED);
  #next = 0;

  constructor({ entries, nameBytes }: DomainSetRoom) {
    // One slot always stays free, or a search for what is not there would never end.
    this.#slots = Math.ceil(entries / LOAD) + 1;
    const namesFrom = HEADER_BYTES + this.#slots * BYTES_PER_SLOT;
    this.#memory = new SharedArrayBuffer(namesFrom + entries * BYTES_PER_NAME + nameBytes);
    this.#header = new Int32Array(this.#memory, 0, HEADER_BYTES / 4);
    this.#table = new Int32Array(this.#memory, HEADER_BYTES, this.#slots * 2);
    this.#names = new Uint8Array(this.#memory, namesFrom);
    this.#header[SLOTS] = this.#slots;
    this.#header[SEED] = this.#seed;
  }

  /** `bytes` from `from` to `to` are a name in lower case; no name at all stands for every host. */
  add(bytes: Uint8Array, from: number, to: number, mark: number): void {
    const covers = mark % 4;
    let hash = this.#seed;
    for (let at = to - 1; at >= from; at -= 1) hash = mix(hash, bytes[at]!);
    const slots = this.#slots;
    let slot = slotOf(hash, slots);
    for (; this.#table[slot * 2 + 1] !== 0; slot = slot + 1 === slots ? 0 : slot + 1) {
      const offset = this.#table[slot * 2 + 1]! - 1;
      const isCovered = this.#table[slot * 2] === hash && (this.#names[offset]! & covers) === covers;
      if (isCovered && this.#isAt(offset, bytes, { from, to })) return;
    }
    this.#table[slot * 2] = hash;
    this.#table[slot * 2 + 1] = this.#next + 1;
    if (to === from) this.#header[EVERYTHING] = this.#next + 1;
    this.#header[KINDS] = this.#header[KINDS]! | covers;
    this.#header[ENTRIES] = this.#header[ENTRIES]! + 1;
    this.#keep(bytes, from, to, mark);
  }

  build(): DomainSet {
    return new DomainSet(this.#memory);
  }

  #keep(bytes: Uint8Array, from: number, to: number, mark: number): void {
    const names = this.#names;
    const at = this.#next;
    for (let index = 0; index < 4; index += 1) names[at + index] = (mark >>> (8 * index)) & 0xff;
    names[at + 4] = to - from;
    for (let index = from; index < to; index += 1) names[at + BYTES_PER_NAME + index - from] = bytes[index]!;
    this.#next = at + BYTES_PER_NAME + to - from;
  }

  #isAt(offset: number, bytes: Uint8Array, { from, to }: { from: number; to: number }): boolean {
    if (this.#names[offset + 4] !== to - from) return false;
    const first = offset + BYTES_PER_NAME;
    for (let at = from; at < to; at += 1) if (this.#names[first + at - from] !== bytes[at]) return false;
    return true;
  }
}

/** From the end of the name to its beginning, so that on the way each name above it has its own hash. */
function mix(hash: number, code: number): number {
  const mixed = Math.imul(hash ^ code, 0x5bd1e995);
  return mixed ^ (mixed >>> 15);
}

/** The high bits choose, so that the table may have any size. */
function slotOf(hash: number, slots: number): number {
  const spread = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return Math.floor((((spread ^ (spread >>> 13)) >>> 0) * slots) / TWO_32);
}

function markAt(names: Uint8Array, offset: number): number {
  return (names[offset]! | (names[offset + 1]! << 8) | (names[offset + 2]! << 16) | (names[offset + 3]! << 24)) >>> 0;
}
