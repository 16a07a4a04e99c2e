// Reads header blocks of HPACK (RFC 7541). Rule: a block is read to its end whatever it says, since the next one leans on what this
// one has put into the table; only what cannot be read at all ends the connection.
import { DynamicTable } from './dynamic-table.ts';
import { HeaderField } from './header-field.ts';
import { huffmanText, latin1Text } from './huffman.ts';
import { STATIC_ENTRIES, staticTable } from './static-table.ts';

export interface FieldSink {
  onField(field: HeaderField): void;
}

const FAULT = -1;
/** No number in a block of ours is larger. */
const MOST = 0x0fffffff;

export class HpackDecoder {
  private readonly table: DynamicTable;
  private readonly maxTableBytes: number;
  /** Where in the block we are. */
  private at = 0;
  private to = 0;

  constructor(maxTableBytes = 4096) {
    this.maxTableBytes = maxTableBytes;
    this.table = new DynamicTable(maxTableBytes);
  }

  /** One whole block. False: it is no HPACK, and nothing that follows can be read. */
  decode(bytes: Buffer, from: number, to: number, sink: FieldSink): boolean {
    this.at = from;
    this.to = to;
    let mayResize = true;
    while (this.at < to) {
      const first = bytes[this.at]!;
      if ((first & 0xe0) === 0x20) {
        if (!mayResize || !this.resize(bytes)) return false;
        continue;
      }
      mayResize = false;
      const field = (first & 0x80) !== 0 ? this.indexed(bytes) : this.literal(bytes, first);
      if (field === null) return false;
      sink.onField(field);
    }
    return true;
  }

  private resize(bytes: Buffer): boolean {
    const size = this.integer(bytes, 0x1f);
    if (size === FAULT || size > this.maxTableBytes) return false;
    this.table.resize(size);
    return true;
  }

  private indexed(bytes: Buffer): HeaderField | null {
    const index = this.integer(bytes, 0x7f);
    return index === FAULT ? null : this.entry(index);
  }

  private entry(index: number): HeaderField | null {
    if (index <= STATIC_ENTRIES) return index === 0 ? null : staticTable[index]!;
    return this.table.entry(index - STATIC_ENTRIES);
  }

  /** With a name from a table or its own; with 01 in front it goes into the table. */
  private literal(bytes: Buffer, first: number): HeaderField | null {
    const isKept = (first & 0x40) !== 0;
    const index = this.integer(bytes, isKept ? 0x3f : 0x0f);
    if (index === FAULT) return null;
    const name = index === 0 ? this.text(bytes) : (this.entry(index)?.name ?? null);
    if (name === null) return null;
    const value = this.text(bytes);
    if (value === null) return null;
    const field = new HeaderField(name, value);
    if (isKept) this.table.add(field);
    return field;
  }

  private text(bytes: Buffer): string | null {
    if (this.at >= this.to) return null;
    const isHuffman = (bytes[this.at]! & 0x80) !== 0;
    const length = this.integer(bytes, 0x7f);
    const from = this.at;
    if (length === FAULT || length > this.to - from) return null;
    this.at = from + length;
    return isHuffman ? huffmanText(bytes, from, from + length) : latin1Text(bytes, from, from + length);
  }

  /** A number of which the first octet has as many bits as `mask` (5.1). */
  private integer(bytes: Buffer, mask: number): number {
    let value = bytes[this.at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; this.at < this.to; shift += 7) {
      const octet = bytes[this.at++]!;
      value += (octet & 0x7f) * 2 ** shift;
      if (value > MOST || shift > 28) return FAULT;
      if ((octet & 0x80) === 0) return value;
    }
    return FAULT;
  }
}
