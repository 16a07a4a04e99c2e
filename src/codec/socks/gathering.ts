// Collects the bytes of one short message that arrives in any portions. Rule: it takes what was asked for and not one byte
// more, for what follows belongs to somebody else.
import { Buffer } from 'node:buffer';

export class Gathering {
  readonly bytes: Buffer;
  length = 0;

  constructor(maxBytes: number) {
    this.bytes = Buffer.allocUnsafe(maxBytes);
  }

  /** Takes of bytes[from, to) until `wanted` bytes are held; returns where it stopped. */
  fill(wanted: number, bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + Math.max(0, wanted - this.length));
    this.length += bytes.copy(this.bytes, this.length, from, end);
    return end;
  }

  /** Ready for the next message. */
  clear(): void {
    this.length = 0;
  }
}
