// Writes values as MessagePack, as far as the messages of a tunnel need it. Rule: a key whose value is undefined is left out, and of the
// forms that a value can take it gets the shortest.
import { Buffer } from 'node:buffer';

export type MsgpackValue =
  | null
  | undefined
  | boolean
  | number
  | string
  | Uint8Array
  | readonly MsgpackValue[]
  | { readonly [key: string]: MsgpackValue };

const FIX_STRING = 0xa0;
const FIX_ARRAY = 0x90;
const FIX_MAP = 0x80;
const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;
const BIN_8 = 0xc4;
const FLOAT_64 = 0xcb;
const UINT_8 = 0xcc;
const INT_8 = 0xd0;
const STRING_8 = 0xd9;
const ARRAY_16 = 0xdc;
const MAP_16 = 0xde;
const UINT_32_MOST = 0xffff_ffff;
const INT_32_LEAST = -0x8000_0000;

export function writeMsgpack(value: MsgpackValue): Buffer {
  const writer = new MsgpackWriter();
  writer.value(value);
  return writer.take();
}

/** How a binary value of that length begins; its bytes follow as they are. */
export function binaryHead(length: number): Buffer {
  if (length <= 0xff) return Buffer.from([BIN_8, length]);
  if (length <= 0xffff) return Buffer.from([BIN_8 + 1, length >> 8, length & 0xff]);
  const head = Buffer.alloc(5);
  head[0] = BIN_8 + 2;
  head.writeUInt32BE(length, 1);
  return head;
}

class MsgpackWriter {
  readonly #parts: Uint8Array[] = [];

  take(): Buffer {
    return Buffer.concat(this.#parts);
  }

  value(value: MsgpackValue): void {
    if (value === null || value === undefined) this.#bytes(NIL);
    else if (typeof value === 'boolean') this.#bytes(value ? TRUE : FALSE);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof Uint8Array) this.#parts.push(binaryHead(value.length), value);
    else if (Array.isArray(value)) this.#list(value as readonly MsgpackValue[]);
    else this.#map(value as Readonly<Record<string, MsgpackValue>>);
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) this.#float(value);
    else if (value >= 0) this.#unsigned(value);
    else this.#negative(value);
  }

  #unsigned(value: number): void {
    if (value < 0x80) this.#bytes(value);
    else if (value <= 0xff) this.#sized(UINT_8, value, 1);
    else if (value <= 0xffff) this.#sized(UINT_8 + 1, value, 2);
    else if (value <= UINT_32_MOST) this.#sized(UINT_8 + 2, value, 4);
    else this.#wide(UINT_8 + 3, value);
  }

  #negative(value: number): void {
    if (value >= -32) this.#bytes(value & 0xff);
    else if (value >= -0x80) this.#sized(INT_8, value & 0xff, 1);
    else if (value >= -0x8000) this.#sized(INT_8 + 1, value & 0xffff, 2);
    else if (value >= INT_32_LEAST) this.#sized(INT_8 + 2, value >>> 0, 4);
    else this.#wide(INT_8 + 3, value);
  }

  #text(value: string): void {
    const bytes = Buffer.from(value);
    const { length } = bytes;
    if (length < 32) this.#bytes(FIX_STRING | length);
    else if (length <= 0xff) this.#sized(STRING_8, length, 1);
    else if (length <= 0xffff) this.#sized(STRING_8 + 1, length, 2);
    else this.#sized(STRING_8 + 2, length, 4);
    this.#parts.push(bytes);
  }

  #list(items: readonly MsgpackValue[]): void {
    this.#count(FIX_ARRAY, ARRAY_16, items.length);
    for (const item of items) this.value(item);
  }

  #map(map: Readonly<Record<string, MsgpackValue>>): void {
    const entries = Object.entries(map).filter(([, value]) => value !== undefined);
    this.#count(FIX_MAP, MAP_16, entries.length);
    for (const [key, value] of entries) {
      this.#text(key);
      this.value(value);
    }
  }

  #count(short: number, long: number, count: number): void {
    if (count < 16) this.#bytes(short | count);
    else if (count <= 0xffff) this.#sized(long, count, 2);
    else this.#sized(long + 1, count, 4);
  }

  #float(value: number): void {
    const bytes = Buffer.alloc(9);
    bytes[0] = FLOAT_64;
    bytes.writeDoubleBE(value, 1);
    this.#parts.push(bytes);
  }

  #wide(code: number, value: number): void {
    const bytes = Buffer.alloc(9);
    bytes[0] = code;
    if (value < 0) bytes.writeBigInt64BE(BigInt(value), 1);
    else bytes.writeBigUInt64BE(BigInt(value), 1);
    this.#parts.push(bytes);
  }

  #sized(code: number, value: number, size: number): void {
    const bytes = Buffer.alloc(1 + size);
    bytes[0] = code;
    bytes.writeUIntBE(value, 1, size);
    this.#parts.push(bytes);
  }

  #bytes(...bytes: readonly number[]): void {
    this.#parts.push(Buffer.from(bytes));
  }
}
