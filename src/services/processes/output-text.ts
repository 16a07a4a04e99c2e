// Output of a program as text where it is text, and as base64 where it is not. Rule: what comes out, put together again, is what came
// in, byte for byte; no character is ever cut in two.
import { Buffer, isUtf8 } from 'node:buffer';

export interface TextPart {
  readonly data: string;
  readonly encoding: 'utf8' | 'base64';
}

const NOTHING = Buffer.alloc(0);

export class OutputText {
  /** The beginning of a character: at most three bytes. */
  #rest: Buffer = NOTHING;

  /** null: too little for a character. */
  take(bytes: Buffer): TextPart | null {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = all.length - unfinishedBytes(all);
    this.#rest = end === all.length ? NOTHING : Buffer.from(all.subarray(end));
    return end === 0 ? null : partOf(end === all.length ? all : all.subarray(0, end));
  }

  /** What is left is no character. */
  end(): TextPart | null {
    const rest = this.#rest;
    this.#rest = NOTHING;
    return rest.length === 0 ? null : partOf(rest);
  }
}

export function partOf(bytes: Buffer): TextPart {
  if (isUtf8(bytes)) return { data: bytes.toString('utf8'), encoding: 'utf8' };
  return { data: bytes.toString('base64'), encoding: 'base64' };
}

/** How many bytes at the end begin a character that is longer than they are. */
function unfinishedBytes(bytes: Buffer): number {
  const last = bytes.length;
  for (let back = 1; back <= Math.min(3, last); back += 1) {
    const byte = bytes[last - back] ?? 0;
    // A byte within a character: its beginning lies further back.
    if ((byte & 0xc0) === 0x80) continue;
    return lengthFrom(byte) > back ? back : 0;
  }
  return 0;
}

/** Of the character that begins so; 1 for what begins none. */
function lengthFrom(byte: number): number {
  if (byte >= 0xc2 && byte < 0xe0) return 2;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  return byte >= 0xf0 && byte < 0xf5 ? 4 : 1;
}
