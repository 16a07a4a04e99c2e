// What two nodes say to each other on one connection for many visitors: frames with a head of eight bytes, which name the stream that they belong to.
// Rule: data is passed on in parts as it comes; whatever else does not fit is a fault that ends the connection.
import { Buffer } from 'node:buffer';
import type { OutBuffer } from '../http1/writer.ts';

/** What a frame says. Those of a stream: it is asked for, and whether it is taken; bytes; no more bytes; cut; over; room for more bytes. */
export const LINK = {
  open: 1,
  taken: 2,
  missed: 3,
  refused: 4,
  data: 5,
  end: 6,
  reset: 7,
  close: 8,
  credit: 9,
  ping: 10,
  pong: 11,
} as const;

export type LinkFrame = (typeof LINK)[keyof typeof LINK];

export interface LinkFrameSink {
  /** Valid only during the call; there may be more of the same frame. */
  data(stream: number, bytes: Buffer, from: number, to: number): void;
  /** Any other one, whole. */
  frame(kind: number, stream: number, text: string): void;
  /** So many bytes more. */
  credit(stream: number, bytes: number): void;
}

export interface LinkData {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

const HEAD_BYTES = 8;
const LAST_KIND = LINK.pong;
/** Of what is no data. */
const MOST_TEXT_BYTES = 1024;
export const MOST_DATA_BYTES: number = 64 * 1024;

export class LinkFrameReader {
  readonly #sink: LinkFrameSink;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headLength = 0;
  #kind = 0;
  #stream = 0;
  /** Of the frame whose head was read. */
  #left = 0;
  #text = '';

  constructor(sink: LinkFrameSink) {
    this.#sink = sink;
  }

  /** False: that are no frames. */
  read(bytes: Buffer, from: number, to: number): boolean {
    let at = from;
    while (at < to) {
      if (this.#headLength < HEAD_BYTES) {
        at = this.#readHead(bytes, at, to);
        if (this.#headLength < HEAD_BYTES) return true;
        if (!this.#begin()) return false;
      }
      const end = Math.min(to, at + this.#left);
      this.#left -= end - at;
      if (end > at && this.#kind === LINK.data) this.#sink.data(this.#stream, bytes, at, end);
      else if (end > at) this.#text += bytes.toString('latin1', at, end);
      at = end;
      if (this.#left === 0) this.#end();
    }
    return true;
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + HEAD_BYTES - this.#headLength);
    bytes.copy(this.#head, this.#headLength, from, end);
    this.#headLength += end - from;
    return end;
  }

  #begin(): boolean {
    const head = this.#head;
    this.#kind = head[0] ?? 0;
    this.#left = head.readUIntBE(1, 3);
    this.#stream = head.readUInt32BE(4);
    this.#text = '';
    if (this.#kind < LINK.open || this.#kind > LAST_KIND) return false;
    return this.#left <= (this.#kind === LINK.data ? MOST_DATA_BYTES : MOST_TEXT_BYTES);
  }

  #end(): void {
    this.#headLength = 0;
    if (this.#kind === LINK.data) return;
    if (this.#kind === LINK.credit) this.#sink.credit(this.#stream, Number(this.#text) || 0);
    else this.#sink.frame(this.#kind, this.#stream, this.#text);
  }
}

export function writeLinkFrame(out: OutBuffer, kind: LinkFrame, stream: number, text = ''): void {
  writeHead(out, kind, stream, text.length);
  out.latin1(text);
}

/** At most MOST_DATA_BYTES. */
export function writeLinkData(out: OutBuffer, stream: number, { bytes, from, to }: LinkData): void {
  writeHead(out, LINK.data, stream, to - from);
  out.copy(bytes, from, to);
}

function writeHead(out: OutBuffer, kind: LinkFrame, stream: number, length: number): void {
  out.reserve(HEAD_BYTES);
  const { bytes, length: at } = out;
  bytes.writeUInt8(kind, at);
  bytes.writeUIntBE(length, at + 1, 3);
  bytes.writeUInt32BE(stream, at + 4);
  out.length += HEAD_BYTES;
}
