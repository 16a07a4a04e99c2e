// Inflates the messages of a WebSocket, which are parts of one stream (RFC 7692), beside that connection. Rule: it never holds the
// connection up: when inflating falls behind, or what comes out has no end, it is given up.
import { Buffer } from 'node:buffer';
import { constants, createInflateRaw, type InflateRaw } from 'node:zlib';

export interface InflatedSink {
  part(bytes: Uint8Array, from: number, to: number): void;
  /** The message is whole. */
  end(): void;
  /** Nothing can be read any more. */
  lost(): void;
}

const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** What whoever compresses leaves out at the end of each message (RFC 7692, 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

export class InflatedMessages {
  private readonly sink: InflatedSink;
  /** Keeps what came before: a message may point back to it. Whether the server forgets it makes no difference. */
  private inflater: InflateRaw | null = null;
  /** Of the message that is coming. */
  private parts: Buffer[] = [];
  private partBytes = 0;
  private waitingMessages = 0;
  private inflatedBytes = 0;
  private isLost = false;
  private onIdle: (() => void) | null = null;

  constructor(sink: InflatedSink) {
    this.sink = sink;
  }

  part(bytes: Uint8Array, from: number, to: number): void {
    if (this.isLost) return;
    this.parts.push(Buffer.from(bytes.subarray(from, to)));
    this.partBytes += to - from;
    if (this.partBytes + this.waitingBytes > MAX_WAITING_BYTES) this.lose();
  }

  end(): void {
    if (this.isLost) return;
    const message = Buffer.concat([...this.parts, TAIL]);
    this.parts = [];
    this.partBytes = 0;
    this.waitingMessages += 1;
    const inflater = this.opened();
    inflater.write(message, () => this.inflated(inflater));
  }

  /** Nothing follows. Called when all that has come is inflated, at once if it is by now. */
  close(done: () => void): void {
    if (this.waitingMessages === 0 || this.isLost) this.letGo(done);
    else this.onIdle = () => this.letGo(done);
  }

  private get waitingBytes(): number {
    return this.inflater?.writableLength ?? 0;
  }

  private opened(): InflateRaw {
    if (this.inflater !== null) return this.inflater;
    const inflater = createInflateRaw({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH });
    inflater.on('data', (bytes: Buffer) => this.take(bytes));
    inflater.on('error', () => this.lose());
    // A message may say that the stream is over: the next one begins another.
    inflater.on('end', () => {
      inflater.destroy();
      if (this.inflater === inflater) this.inflater = null;
    });
    this.inflater = inflater;
    return inflater;
  }

  private take(bytes: Buffer): void {
    if (this.isLost) return;
    this.inflatedBytes += bytes.length;
    if (this.inflatedBytes > MAX_MESSAGE_BYTES) this.lose();
    else this.sink.part(bytes, 0, bytes.length);
  }

  private inflated(inflater: InflateRaw): void {
    if (this.isLost || inflater.errored !== null) return;
    this.inflatedBytes = 0;
    this.waitingMessages -= 1;
    this.sink.end();
    if (this.waitingMessages === 0) this.onIdle?.();
  }

  private lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    this.parts = [];
    this.sink.lost();
    if (this.onIdle === null) this.inflater?.destroy();
    else this.onIdle();
  }

  private letGo(done: () => void): void {
    this.onIdle = null;
    this.inflater?.destroy();
    this.inflater = null;
    done();
  }
}
