// Tells HTTP/2 with prior knowledge from HTTP/1.1 on a plain connection, by the preface that every HTTP/2 client sends
// first (RFC 9113, 3.4). Rule: the decision falls with the first byte that differs, and no byte is lost either way.
import { Buffer } from 'node:buffer';
import type { CloseReason, Connection, ConnectionHandler } from './connection.ts';
import { Deadline, wheel } from './timers.ts';

export interface PrefaceHandler {
  /** Not HTTP/2. The connection wants another handler now, which gets these bytes first; they are valid during the call. */
  onHttp1(connection: Connection, bytes: Buffer, from: number, to: number): void;
  /** HTTP/2: the same. */
  onHttp2(connection: Connection): void;
  /** It closed before it was clear. */
  onClose(reason: CloseReason): void;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const NOTHING = Buffer.alloc(0);

export class PrefaceSniffer implements ConnectionHandler {
  private readonly connection: Connection;
  private readonly handler: PrefaceHandler;
  private readonly deadline = new Deadline(() => this.connection.destroy('timeout'));
  /** The beginning of a preface that came in pieces. */
  private begun: Buffer = NOTHING;

  /** Becomes the connection's handler and starts reading. */
  constructor(connection: Connection, timeoutMs: number, handler: PrefaceHandler) {
    this.connection = connection;
    this.handler = handler;
    connection.handler = this;
    wheel.arm(this.deadline, timeoutMs);
    connection.resume();
  }

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.begun.length > 0) {
      const joined = Buffer.concat([this.begun, bytes.subarray(from, to)]);
      this.decide(joined, 0, joined.length);
    } else this.decide(bytes, from, to);
  }

  /** What has come so far is no preface; whether it is a cut request is for HTTP/1.1 to say. */
  onHalfClose(): void {
    wheel.release(this.deadline);
    const { connection, begun } = this;
    this.handler.onHttp1(connection, begun, 0, begun.length);
    connection.handler.onHalfClose();
  }

  onDrain(): void {}

  onClose(reason: CloseReason): void {
    wheel.release(this.deadline);
    this.handler.onClose(reason);
  }

  private decide(bytes: Buffer, from: number, to: number): void {
    const length = Math.min(to - from, PREFACE.length);
    if (bytes.compare(PREFACE, 0, length, from, from + length) !== 0) {
      wheel.release(this.deadline);
      this.handler.onHttp1(this.connection, bytes, from, to);
    } else if (length < PREFACE.length) {
      this.begun = Buffer.from(bytes.subarray(from, to));
    } else {
      wheel.release(this.deadline);
      this.handler.onHttp2(this.connection);
      this.connection.handler.onData(bytes, from, to);
    }
  }
}
