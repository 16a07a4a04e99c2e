// Reads one value of MessagePack. Rule: it is read whole and nothing follows it, or it is refused; what is binary stays where it is.
import type { Buffer } from 'node:buffer';

export type MsgpackRead =
  | null
  | boolean
  | number
  | string
  | Buffer
  | readonly MsgpackRead[]
  | ReadonlyMap<string, MsgpackRead>;

/** What was read is not MessagePack, or none of the kind that messages have. */
export class MsgpackError extends Error {
  override readonly name = 'MsgpackError';
}

/** No message is nested deeper. */
const MOST_DEPTH = 16;
/** Each item takes a byte at least; of those that take none nobody sends more. */
const NIL = 0xc0;

/** It may go on: what was read is the beginning of something. */
export class MsgpackCut extends MsgpackError {}

export function readMsgpack(bytes: Buffer): MsgpackRead {
  const reader = new MsgpackReader(bytes);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** For what is read piece by piece. */
export class MsgpackReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  /** A map begins: so many keys, each with its value, follow. */
  mapSize(): number {
    const code = this.#unsigned(1);
    if (code >= 0x80 && code < 0x90) return code & 0x0f;
    if (code === 0xde || code === 0xdf) return this.#unsigned(2 << (code - 0xde));
    throw new MsgpackError('a map was expected');
  }

  /** Something binary begins: so many bytes follow. */
  binaryLength(): number {
    const code = this.#unsigned(1);
    if (code >= 0xc4 && code <= 0xc6) return this.#unsigned(1 << (code - 0xc4));
    throw new MsgpackError('something binary was expected');
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw new MsgpackError('something follows the value');
  }

  value(depth: number): MsgpackRead {
    if (depth > MOST_DEPTH) throw new MsgpackError('it is nested too deep');
    const code = this.#unsigned(1);
    if (code < 0x80) return code;
    if (code < 0x90) return this.#map(code & 0x0f, depth);
    if (code < 0xa0) return this.#list(code & 0x0f, depth);
    if (code < NIL) return this.#text(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    return this.#coded(code, depth);
  }

  #coded(code: number, depth: number): MsgpackRead {
    if (code === NIL) return null;
    if (code === 0xc2 || code === 0xc3) return code === 0xc3;
    if (code >= 0xc4 && code <= 0xc6) return this.#take(this.#unsigned(1 << (code - 0xc4)));
    if (code === 0xca) return this.#take(4).readFloatBE(0);
    if (code === 0xcb) return this.#take(8).readDoubleBE(0);
    if (code >= 0xcc && code <= 0xce) return this.#unsigned(1 << (code - 0xcc));
    if (code === 0xcf) return asNumber(this.#take(8).readBigUInt64BE(0));
    if (code >= 0xd0 && code <= 0xd2) return this.#signed(1 << (code - 0xd0));
    if (code === 0xd3) return asNumber(this.#take(8).readBigInt64BE(0));
    if (code >= 0xd9 && code <= 0xdb) return this.#text(this.#unsigned(1 << (code - 0xd9)));
    if (code === 0xdc || code === 0xdd) return this.#list(this.#unsigned(2 << (code - 0xdc)), depth);
    if (code === 0xde || code === 0xdf) return this.#map(this.#unsigned(2 << (code - 0xde)), depth);
    throw new MsgpackError(`nothing is known by the code 0x${code.toString(16)}`);
  }

  #map(count: number, depth: number): ReadonlyMap<string, MsgpackRead> {
    const map = new Map<string, MsgpackRead>();
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string') throw new MsgpackError('a key is no text');
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #list(count: number, depth: number): readonly MsgpackRead[] {
    const items: MsgpackRead[] = [];
    for (let i = 0; i < count; i++) items.push(this.value(depth + 1));
    return items;
  }

  #text(length: number): string {
    return this.#take(length).toString('utf8');
  }

  #unsigned(size: number): number {
    return this.#take(size).readUIntBE(0, size);
  }

  #signed(size: number): number {
    return this.#take(size).readIntBE(0, size);
  }

  #take(length: number): Buffer {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw new MsgpackCut('it ends too soon');
    this.#at = from + length;
    return this.#bytes.subarray(from, this.#at);
  }
}

function asNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new MsgpackError('a number is too large');
  return number;
}
