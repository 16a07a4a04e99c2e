// The text of a list of domains, as people exchange them: a name on each line, hosts files, and the `||name^` of ad blockers. Rule:
// each line is read for itself, a few at a time; what is not understood is counted and left out, and the first such line is told.
import { Buffer } from 'node:buffer';
import { destinationOf, isLoopbackName } from '../rules/destination.ts';
import { COVERS, markOf } from './domain-set.ts';

/* oxlint-disable typescript/no-non-null-assertion -- positions lie within the bytes. */

export interface ListSink {
  /** A name in lower case; the bytes are valid only during the call. No bytes at all: every host. */
  entry(bytes: Uint8Array, from: number, to: number, mark: number): void;
}

/** Lines that were left out. */
export interface LeftOut {
  readonly count: number;
  /** The first of them, from 1. */
  readonly line: number;
  readonly reason: string;
}

const NEWLINE = 10;
const HASH = 35;
const STAR = 42;
const HYPHEN = 45;
const DOT = 46;
const CARET = 94;
const FIRST_SMALL = 97;
const CASE_DISTANCE = 32;
const BAR = 124;
/** How `localhost` and `localdomain` end. */
const OST = 0x6f7374;
const AIN = 0x61696e;
const LOWER_CASE = 0x202020;
const MAX_OWN_BYTES = 30;
const MAX_NAME_BYTES = 253;
const MAX_LABEL_BYTES = 63;
const BOM = [0xef, 0xbb, 0xbf];

/** What a byte of a name is written as in lower case; 0: it does not belong there. */
const LETTERS = new Uint8Array(256);
for (const letter of Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789-_')) {
  LETTERS[letter] = letter;
  if (letter >= FIRST_SMALL) LETTERS[letter - CASE_DISTANCE] = letter;
}
const isBlank = (byte: number): boolean => byte === 32 || byte === 9 || byte === 13;
const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

const UNREADABLE = 'neither a name nor an address';
const SEVERAL = 'several words, and the first one is no address';

export class ListText {
  #at = 0;
  #line = 0;
  #leftOut: LeftOut | null = null;
  readonly #bytes: Buffer;
  readonly #sink: ListSink;
  /** Where the last address was read: in a hosts file nearly all lines have the same. */
  #addressFrom = 0;
  #addressTo = 0;

  /** Capital letters in `bytes` become small ones. */
  constructor(bytes: Buffer, sink: ListSink) {
    this.#bytes = bytes;
    this.#sink = sink;
    if (BOM.every((byte, index) => bytes[index] === byte)) this.#at = BOM.length;
  }

  get leftOut(): LeftOut | null {
    return this.#leftOut;
  }

  /** Reads so many lines more. False: there are none left. */
  read(lines: number): boolean {
    const bytes = this.#bytes;
    for (let count = 0; count < lines && this.#at < bytes.length; count += 1) {
      const from = this.#at;
      let to = from;
      while (to < bytes.length && bytes[to] !== NEWLINE) to += 1;
      this.#at = to + 1;
      this.#line += 1;
      this.#readLine(from, to);
    }
    return this.#at < bytes.length;
  }

  #readLine(lineFrom: number, lineTo: number): void {
    const bytes = this.#bytes;
    let from = lineFrom;
    let to = lineFrom;
    // Within a word it is part of a rule of an ad blocker.
    while (to < lineTo && (bytes[to] !== HASH || (to > lineFrom && !isBlank(bytes[to - 1]!)))) to += 1;
    while (to > from && isBlank(bytes[to - 1]!)) to -= 1;
    while (from < to && isBlank(bytes[from]!)) from += 1;
    if (from === to) return;
    let word = from;
    while (word < to && !isBlank(bytes[word]!)) word += 1;
    if (word < to) this.#readHosts(from, word, to);
    else if (isPlain(bytes[from]!)) this.#readEntry(from, to, COVERS.NAME);
    else this.#readRule(from, to);
  }

  /** `0.0.0.0 name name`; comments of ad blockers may be several words too. */
  #readHosts(from: number, word: number, to: number): void {
    const bytes = this.#bytes;
    if (!this.#isLastAddress(from, word)) {
      const first = bytes.toString('latin1', from, word);
      if (isComment(first)) return;
      if ((destinationOf(first)?.ip ?? null) === null) {
        this.#leaveOut(SEVERAL);
        return;
      }
      this.#addressFrom = from;
      this.#addressTo = word;
    }
    for (let at = word; at < to;) {
      while (isBlank(bytes[at]!)) at += 1;
      const begin = at;
      while (at < to && !isBlank(bytes[at]!)) at += 1;
      if (!this.#isOwnName(begin, at)) this.#readEntry(begin, at, COVERS.NAME);
    }
  }

  /** What a hosts file calls the machine that it was written for is meant for nobody else. */
  #isOwnName(from: number, to: number): boolean {
    const bytes = this.#bytes;
    if (!hasDot(bytes, from, to) || this.#isLastAddress(from, to)) return true;
    const ending = (bytes[to - 3]! << 16) | (bytes[to - 2]! << 8) | bytes[to - 1]!;
    const mayBe = (ending | LOWER_CASE) === OST || (ending | LOWER_CASE) === AIN;
    return mayBe && to - from < MAX_OWN_BYTES && isLoopbackName(bytes.toString('latin1', from, to).toLowerCase());
  }

  #isLastAddress(from: number, to: number): boolean {
    const bytes = this.#bytes;
    const length = this.#addressTo - this.#addressFrom;
    if (to - from !== length) return false;
    for (let at = 0; at < length; at += 1) if (bytes[from + at] !== bytes[this.#addressFrom + at]) return false;
    return length > 0;
  }

  /** What begins with neither a letter nor a digit. */
  #readRule(from: number, to: number): void {
    const bytes = this.#bytes;
    if (bytes[from] === BAR && bytes[from + 1] === BAR) {
      this.#readEntry(from + 2, bytes[to - 1] === CARET ? to - 1 : to, COVERS.NAME | COVERS.BELOW);
      return;
    }
    if (bytes[from] === DOT) this.#readEntry(from + 1, to, COVERS.NAME | COVERS.BELOW);
    else if (bytes[from] === STAR && bytes[from + 1] === DOT) this.#readEntry(from + 2, to, COVERS.BELOW);
    else if (bytes[from] === STAR && to === from + 1) this.#put(bytes, from, from, COVERS.BELOW);
    else if (!isComment(bytes.toString('latin1', from, to))) this.#readEntry(from, to, COVERS.NAME);
  }

  #readEntry(from: number, to: number, covers: number): void {
    const end = plainNameEnd(this.#bytes, from, to);
    if (end > 0) {
      this.#put(this.#bytes, from, end, covers);
      return;
    }
    const destination = destinationOf(this.#bytes.toString('utf8', from, to));
    // Nothing is below an address.
    if (destination === null || (destination.ip !== null && covers === COVERS.BELOW)) this.#leaveOut(UNREADABLE);
    else this.#put(Buffer.from(destination.host, 'latin1'), 0, destination.host.length, covers);
  }

  #put(bytes: Uint8Array, from: number, to: number, covers: number): void {
    this.#sink.entry(bytes, from, to, markOf(covers, this.#line));
  }

  #leaveOut(reason: string): void {
    const { count, line, reason: first } = this.#leftOut ?? { count: 0, line: this.#line, reason };
    this.#leftOut = { count: count + 1, line, reason: first };
  }
}

function isPlain(byte: number): boolean {
  return LETTERS[byte] !== 0;
}

/** Of an ad blocker's list, or of those that come as settings of programs. */
function isComment(text: string): boolean {
  return /^[!;]|^\[[A-Za-z]/.test(text);
}

/** Makes the letters small and says where the name ends, without a dot at its end; 0: it takes a closer look. */
function plainNameEnd(bytes: Uint8Array, from: number, to: number): number {
  const end = bytes[to - 1] === DOT ? to - 1 : to;
  let label = from;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at]!;
    const letter = LETTERS[byte]!;
    if (letter !== 0) {
      if (letter !== byte) bytes[at] = letter;
    } else if (byte !== DOT || !isLabel(bytes, label, at)) return 0;
    else label = at + 1;
  }
  // What ends in a number may be an address in disguise.
  const isName = isLabel(bytes, label, end) && !isDigit(bytes[label]!) && end - from <= MAX_NAME_BYTES;
  return isName ? end : 0;
}

function isLabel(bytes: Uint8Array, from: number, to: number): boolean {
  return to > from && to - from <= MAX_LABEL_BYTES && bytes[from] !== HYPHEN && bytes[to - 1] !== HYPHEN;
}

function hasDot(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] === DOT) return true;
  return false;
}
