// Composes heads and chunk lines into one buffer of bytes on their way out.
// Rule: a run of unmodified field lines is copied as one slice; text that did not come from a parsed head is checked octet by octet.
import type { Head } from './head.ts';

/** Bytes on their way out. Grows when needed; one per thread is enough, for whoever sends takes the bytes at once. */
export class OutBuffer {
  bytes: Buffer;
  length = 0;

  constructor(size: number = 16 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  reset(): void {
    this.length = 0;
  }

  /** Makes room for `size` more octets. */
  reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.length + size, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  latin1(text: string): void {
    const size = text.length;
    this.reserve(size);
    const { bytes, length } = this;
    for (let i = 0; i < size; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + size;
  }

  copy(source: Buffer, from: number, to: number): void {
    this.reserve(to - from);
    source.copy(this.bytes, this.length, from, to);
    this.length += to - from;
  }

  crlf(): void {
    this.reserve(2);
    this.bytes[this.length] = 13;
    this.bytes[this.length + 1] = 10;
    this.length += 2;
  }

  decimal(value: number): void {
    this.latin1(String(value));
  }

  /** The line before the data of a chunk. */
  chunkHead(size: number): void {
    this.latin1(size.toString(16));
    this.crlf();
  }
}

export function writeFields(out: OutBuffer, head: Head, skip: Uint8Array): void {
  const { bytes, start, fields, count } = head;
  let index = 0;
  while (index < count) {
    while (index < count && skip[index] !== 0) index++;
    if (index === count) return;
    const from = start + fields[index * 4]!;
    while (index < count && skip[index] === 0) index++;
    const to = index === count ? start + head.length - 2 : start + fields[index * 4]!;
    out.copy(bytes, from, to);
  }
}

export function writeStatusLine(out: OutBuffer, status: number, reason = ''): void {
  out.latin1(`HTTP/1.1 ${status} ${reason}\r\n`);
}

export const LAST_CHUNK: Buffer = Buffer.from('0\r\n\r\n', 'latin1');
export const CONTINUE_LINE: Buffer = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
