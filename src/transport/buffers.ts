// The one buffer per thread that sockets read into. Rule: its bytes belong to the callee of onData until it returns;
// whoever keeps bytes copies them. One buffer is enough since a thread handles one read at a time.
import { Buffer } from 'node:buffer';

/** 64 KiB is what libuv itself suggests for a read; larger reads gain nothing on loopback. */
const READ_BUFFER_BYTES = 64 * 1024;

export const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

/** Small buffers that hold a message head while its exchange runs; taken when a head arrives, given back when it is done. */
export class BufferPool {
  readonly size: number;
  private readonly maxKept: number;
  private readonly free: Buffer[] = [];

  constructor(size: number, maxKept: number) {
    this.size = size;
    this.maxKept = maxKept;
  }

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.size && this.free.length < this.maxKept) this.free.push(buffer);
  }
}
