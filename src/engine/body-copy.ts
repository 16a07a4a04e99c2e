// What has been sent of the body of one request, kept in case it has to be sent once more. Rule: it is kept whole or not at all.
import { Buffer } from 'node:buffer';

export class BodyCopy {
  private readonly maxBytes: number;
  private parts: Buffer[] = [];
  private size = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Everything that was added is still there. */
  get isWhole(): boolean {
    return this.size <= this.maxBytes;
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    this.size += to - from;
    if (this.isWhole) this.parts.push(Buffer.from(bytes.subarray(from, to)));
    else this.parts = [];
  }

  /** Hands over what has been added, in order. */
  replay(take: (bytes: Buffer, from: number, to: number) => void): void {
    for (const part of this.parts) take(part, 0, part.length);
  }
}
