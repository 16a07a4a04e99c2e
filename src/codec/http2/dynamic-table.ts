// The table of a connection's fields that were sent before (RFC 7541, 2.3.2), newest first. Rule: it never holds more than its size
// allows, and takes no memory for what it does not hold.
import type { HeaderField } from './header-field.ts';

const FIRST_ROOM = 8;

export class DynamicTable {
  private maxBytes: number;
  private bytes = 0;
  private count = 0;
  /** A ring whose length is a power of two; the newest entry lies before `next`. */
  private entries: (HeaderField | null)[] = [];
  private next = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** By index, which counts from 1. */
  entry(index: number): HeaderField | null {
    if (index > this.count) return null;
    return this.entries[(this.next - index) & (this.entries.length - 1)]!;
  }

  add(field: HeaderField): void {
    this.shrinkTo(this.maxBytes - field.size);
    // One that is larger than the whole table empties it, and that is no error.
    if (field.size > this.maxBytes) return;
    if (this.count === this.entries.length) this.grow();
    this.entries[this.next] = field;
    this.next = (this.next + 1) & (this.entries.length - 1);
    this.count += 1;
    this.bytes += field.size;
  }

  resize(maxBytes: number): void {
    this.maxBytes = maxBytes;
    this.shrinkTo(maxBytes);
  }

  private shrinkTo(bytes: number): void {
    const { entries } = this;
    while (this.count > 0 && this.bytes > bytes) {
      const oldest = (this.next - this.count) & (entries.length - 1);
      this.bytes -= entries[oldest]!.size;
      entries[oldest] = null;
      this.count -= 1;
    }
  }

  private grow(): void {
    const { entries, count } = this;
    const larger: (HeaderField | null)[] = [];
    for (let index = count; index > 0; index--) larger.push(this.entry(index));
    const room = Math.max(FIRST_ROOM, entries.length * 2);
    while (larger.length < room) larger.push(null);
    this.entries = larger;
    this.next = count;
  }
}
