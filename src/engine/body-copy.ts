// What has been sent of the body of one request, kept for a proxy that may ask for credentials behind it. Rule: it is kept
// whole or not at all; bodies that are longer than a few reads are not.
import { Buffer } from 'node:buffer';

/** What forms and calls of APIs stay below. */
const MAX_BYTES = 64 * 1024;

export class BodyCopy {
  private parts: Buffer[] = [];
  private size = 0;

  /** Everything that was added is still there. */
  get isWhole(): boolean {
    return this.size <= MAX_BYTES;
  }

  add(bytes: Buffer, from: number, to: number): void {
    this.size += to - from;
    if (this.isWhole) this.parts.push(Buffer.from(bytes.subarray(from, to)));
    else this.parts = [];
  }

  /** Hands over what has been added, in order. */
  replay(take: (bytes: Buffer, from: number, to: number) => void): void {
    for (const part of this.parts) take(part, 0, part.length);
  }
}
