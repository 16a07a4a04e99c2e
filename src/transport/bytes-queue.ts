// Bytes that wait, first in first out. Rule: what waits takes about as much memory as it has octets, however small the pieces are in
// which it came.
import { Buffer } from 'node:buffer';

/** Smaller pieces share a room of this size. */
const ROOM_BYTES = 4096;

export class BytesQueue {
  /** Octets that wait. */
  length = 0;
  private readonly parts: Buffer[] = [];
  /** How much of the first part has been taken. */
  private taken = 0;
  /** What is free behind the last part, in the same memory. */
  private free: Buffer | null = null;

  /** The bytes may be reused at once. */
  push(bytes: Buffer, from: number, to: number): void {
    const size = to - from;
    this.length += size;
    if (size >= ROOM_BYTES) {
      this.parts.push(Buffer.from(bytes.subarray(from, to)));
      this.free = null;
    } else if (this.free !== null && size <= this.free.length) this.fill(this.free, bytes.subarray(from, to));
    else this.begin(bytes.subarray(from, to));
  }

  /** The bytes never change: they wait where they lie. */
  lend(bytes: Buffer, from: number, to: number): void {
    this.length += to - from;
    this.parts.push(bytes.subarray(from, to));
    this.free = null;
  }

  /** The first octets, as many as lie together; none when nothing waits. */
  get first(): Buffer {
    const part = this.parts[0];
    if (part === undefined) return NOTHING;
    return this.taken === 0 ? part : part.subarray(this.taken);
  }

  /** So many of the first octets are no longer wanted. */
  drop(count: number): void {
    this.length -= count;
    this.taken += count;
    if (this.taken < this.parts[0]!.length) return;
    this.parts.shift();
    this.taken = 0;
    if (this.parts.length === 0) this.free = null;
  }

  clear(): void {
    this.length = 0;
    this.parts.length = 0;
    this.taken = 0;
    this.free = null;
  }

  /** The first small piece gets no more than it needs; who sends another one gets a room. */
  private begin(piece: Buffer): void {
    if (this.parts.length === 0) this.parts.push(Buffer.from(piece));
    else {
      const room = Buffer.allocUnsafeSlow(ROOM_BYTES);
      piece.copy(room);
      this.parts.push(room.subarray(0, piece.length));
      this.free = room.subarray(piece.length);
    }
  }

  private fill(free: Buffer, piece: Buffer): void {
    const last = this.parts.length - 1;
    const part = this.parts[last]!;
    piece.copy(free);
    this.parts[last] = Buffer.from(part.buffer, part.byteOffset, part.length + piece.length);
    this.free = free.subarray(piece.length);
  }
}

const NOTHING = Buffer.alloc(0);
