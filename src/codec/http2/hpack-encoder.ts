// Writes header blocks of HPACK (RFC 7541). Rule: what a connection repeats goes into the table and costs an octet from then on; what
// differs each time, and what is one user's secret, is written out and remembered nowhere.
import { Buffer } from 'node:buffer';
import type { OutBuffer } from '../http1/writer.ts';
import { FIELD_OVERHEAD_BYTES } from './header-field.ts';
import { huffmanLength, writeHuffman } from './huffman.ts';
import { STATIC_ENTRIES, staticNames, STATUSES } from './static-table.ts';

const MAX_TABLE_BYTES = 4096;
const MOST_ENTRIES = MAX_TABLE_BYTES / FIELD_OVERHEAD_BYTES;
/** A larger field would push out too much of what is of use. */
const MOST_INDEXED_BYTES = 512;
/** Values of one name that are in use at the same time, such as types of content. */
const VALUES_PER_NAME = 4;
/** Names that a connection keeps an account of. */
const MOST_NAMES = 64;

/** Never put into a table: whoever can add to a connection could guess at it. */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'set-cookie', 'cookie']);
/** Expected to differ each time: only a value that comes twice in a row is worth a place. */
const CHANGING: ReadonlySet<string> = new Set(
  (
    'age content-disposition content-length content-range date etag expires last-modified link location retry-after ' +
    'traceparent via x-request-id'
  ).split(' '),
);
/** It belongs to one connection of HTTP/1.1 (RFC 9113, 8.2.2). */
const OF_CONNECTION: ReadonlySet<string> = new Set(
  'connection keep-alive proxy-connection transfer-encoding upgrade'.split(' '),
);
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const BREAKS = /[\0\r\n]/;

/** How literals begin (6.2). */
const INDEXED = 0x80;
const KEPT = 0x40;
const NOT_KEPT = 0x00;
const NEVER_KEPT = 0x10;
const RESIZE = 0x20;

/** What a connection knows of one name. */
class NameSlot {
  readonly name: string;
  readonly staticIndex: number;
  readonly isUsable: boolean;
  readonly isSecret: boolean;
  /** The values in the table, and the place of each in the order of all that was ever added. */
  readonly values: string[] = [];
  readonly places: number[] = [];
  /** The value that came last, if it is not in the table. */
  candidate: string | null = null;
  readonly isChanging: boolean;
  readonly isStatus: boolean;

  constructor(name: string) {
    this.name = name;
    this.staticIndex = staticNames.get(name) ?? 0;
    this.isStatus = name === ':status';
    this.isUsable = this.isStatus || (NAME.test(name) && !OF_CONNECTION.has(name));
    this.isSecret = SECRET.has(name);
    this.isChanging = CHANGING.has(name);
  }
}

/** Of a value that is in no table. */
const NOWHERE = 0;

export class HpackEncoder {
  private readonly slots = new Map<string, NameSlot>();
  /** Of the block that is being written: the slot of each field, and the place of its value in the table. */
  private readonly found: NameSlot[] = [];
  private readonly places: number[] = [];
  private maxBytes = MAX_TABLE_BYTES;
  private smallestSinceBlock = MAX_TABLE_BYTES;
  private isResized = false;
  private bytes = 0;
  /** Entries that were ever added, and those of them that have left. */
  private added = 0;
  private evicted = 0;
  private readonly sizes: Uint16Array = new Uint16Array(MOST_ENTRIES);

  /** The other side's SETTINGS_HEADER_TABLE_SIZE; it learns of a change at the beginning of the next block. */
  limit(maxBytes: number): void {
    const next = Math.min(maxBytes, MAX_TABLE_BYTES);
    if (next === this.maxBytes) return;
    this.maxBytes = next;
    this.smallestSinceBlock = Math.min(this.smallestSinceBlock, next);
    this.isResized = true;
    this.shrinkTo(next);
  }

  /** The list as one block; that of an answer begins with `:status`. False: it cannot be said in HTTP/2, and nothing was written. */
  encode(out: OutBuffer, fields: readonly string[]): boolean {
    if (!this.find(fields)) return false;
    if (this.isResized) this.writeResize(out);
    const { found, places } = this;
    for (let index = 0; index < found.length; index++) {
      const place = places[index]!;
      // What was added for the fields before may have pushed it out.
      if (place > this.evicted) writeInteger(out, INDEXED, 0x7f, this.indexOf(place));
      else this.writeLiteral(out, found[index]!, fields[index * 2 + 1]!);
    }
    return true;
  }

  private find(fields: readonly string[]): boolean {
    const { found, places } = this;
    found.length = 0;
    places.length = 0;
    for (let at = 0; at < fields.length; at += 2) {
      const slot = this.slotOf(fields[at]!);
      const value = fields[at + 1]!;
      const place = this.placeOf(slot, value);
      if (place === NOWHERE && (!slot.isUsable || BREAKS.test(value))) return false;
      found.push(slot);
      places.push(place);
    }
    return true;
  }

  private slotOf(name: string): NameSlot {
    let slot = this.slots.get(name);
    if (slot !== undefined) return slot;
    slot = new NameSlot(name);
    if (this.slots.size < MOST_NAMES) this.slots.set(name, slot);
    return slot;
  }

  private placeOf({ values, places }: NameSlot, value: string): number {
    for (let index = 0; index < values.length; index++) {
      if (values[index] === value && places[index]! > this.evicted) return places[index]!;
    }
    return NOWHERE;
  }

  private indexOf(place: number): number {
    return STATIC_ENTRIES + 1 + this.added - place;
  }

  private writeLiteral(out: OutBuffer, slot: NameSlot, value: string): void {
    const index = slot.isStatus ? STATUSES.get(value) : undefined;
    if (index !== undefined) {
      writeInteger(out, INDEXED, 0x7f, index);
      return;
    }
    const size = slot.name.length + value.length + FIELD_OVERHEAD_BYTES;
    const isKept = this.isWorthAPlace(slot, value, size);
    if (isKept) this.writeName(out, slot, KEPT, 0x3f);
    else this.writeName(out, slot, slot.isSecret ? NEVER_KEPT : NOT_KEPT, 0x0f);
    writeText(out, value);
    if (isKept) this.add(slot, value, size);
    else if (!slot.isSecret) slot.candidate = value;
  }

  private isWorthAPlace(slot: NameSlot, value: string, size: number): boolean {
    if (slot.isSecret || size > MOST_INDEXED_BYTES || size > this.maxBytes) return false;
    return slot.candidate === value || (slot.candidate === null && !slot.isChanging);
  }

  private writeName(out: OutBuffer, { name, staticIndex, places }: NameSlot, form: number, mask: number): void {
    const place = staticIndex > 0 || places.length === 0 ? NOWHERE : places[places.length - 1]!;
    if (staticIndex > 0) writeInteger(out, form, mask, staticIndex);
    else if (place > this.evicted) writeInteger(out, form, mask, this.indexOf(place));
    else {
      writeInteger(out, form, mask, 0);
      writeText(out, name);
    }
  }

  private add(slot: NameSlot, value: string, size: number): void {
    this.shrinkTo(this.maxBytes - size);
    this.added += 1;
    this.sizes[this.added % MOST_ENTRIES] = size;
    this.bytes += size;
    if (slot.values.length === VALUES_PER_NAME) {
      slot.values.shift();
      slot.places.shift();
    }
    slot.values.push(ownText(value));
    slot.places.push(this.added);
    slot.candidate = value;
  }

  private shrinkTo(bytes: number): void {
    while (this.bytes > bytes && this.evicted < this.added) {
      this.evicted += 1;
      this.bytes -= this.sizes[this.evicted % MOST_ENTRIES]!;
    }
  }

  /** The smallest size in between has to be told as well, for the other side has to empty its table as we did (4.2). */
  private writeResize(out: OutBuffer): void {
    if (this.smallestSinceBlock < this.maxBytes) writeInteger(out, RESIZE, 0x1f, this.smallestSinceBlock);
    writeInteger(out, RESIZE, 0x1f, this.maxBytes);
    this.smallestSinceBlock = this.maxBytes;
    this.isResized = false;
  }
}

/** Text that is a part of a longer one would keep all of that. */
function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function writeInteger(out: OutBuffer, form: number, mask: number, value: number): void {
  out.reserve(6);
  const { bytes } = out;
  if (value < mask) {
    bytes[out.length++] = form | value;
    return;
  }
  bytes[out.length++] = form | mask;
  let rest = value - mask;
  for (; rest >= 128; rest >>>= 7) bytes[out.length++] = (rest & 127) | 128;
  bytes[out.length++] = rest;
}

function writeText(out: OutBuffer, text: string): void {
  const packed = huffmanLength(text);
  if (packed < text.length) {
    writeInteger(out, 0x80, 0x7f, packed);
    writeHuffman(out, text, packed);
  } else {
    writeInteger(out, 0, 0x7f, text.length);
    out.latin1(text);
  }
}
