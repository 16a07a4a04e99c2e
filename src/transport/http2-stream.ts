// One exchange on an HTTP/2 connection of node:http2, on the client's side: bytes both ways with back-pressure, trailers, one end; and
// what it has in common with those on the server's side.
// Rule: onClose comes exactly once and last, and says 0 only when everything was sent and received that was to be.
import { Buffer } from 'node:buffer';
import type { Http2Stream as NodeStream } from 'node:http2';
import { HTTP2_CODE } from '../codec/http2/frames.ts';
import { Deadline, wheel } from './timers.ts';

/** Names and values in turn, names in lower case. */
export type FlatFields = readonly string[];

export interface Http2StreamHandler {
  onData(bytes: Buffer, from: number, to: number): void;
  /** The other side has sent all of its message. */
  onEnd(trailers: FlatFields | null): void;
  /** After a write answered false. */
  onDrain(): void;
  /** 0 = complete, else why not, as an HTTP/2 error code. */
  onClose(code: number): void;
}

/** What follows the head of a message. Only node:http2 must be told of trailers before the body. */
export type Http2Body = 'none' | 'body' | 'body-and-trailers';

/** The connection that a stream belongs to. */
export interface Http2StreamHost {
  /** It has ended, in whatever way, with streams open. */
  readonly lost: boolean;
  /** How long a reader may take nothing of what is to be sent before its stream is reset. */
  readonly stallTimeoutMs: number;
  /** Called once, after the stream's own handler. */
  streamOver(): void;
}

const owner: unique symbol = Symbol('http2 stream');
type OwnedStream = NodeStream & { [owner]: Http2Stream };

const NOBODY: Http2StreamHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

export abstract class Http2Stream {
  /** Set by whoever takes the stream, before it returns to the event loop. */
  handler: Http2StreamHandler = NOBODY;
  /** Nothing more can be written or will be read. */
  closed = false;
  /** A write answered false and its onDrain has not come yet. */
  congested = false;
  protected readonly stream: NodeStream;
  /** All of the other side's message has been handed on. */
  protected received = false;
  private readonly host: Http2StreamHost;
  private readonly stall = new Deadline(() => this.reset(HTTP2_CODE.CANCEL));
  private receivedTrailers: FlatFields | null = null;
  private trailersToSend: FlatFields | null = null;
  private listensForDrain = false;
  private owesTrailers = false;
  private resetsAfterTrailers = false;

  constructor(stream: NodeStream, host: Http2StreamHost) {
    this.stream = stream;
    this.host = host;
    (stream as OwnedStream)[owner] = this;
    // What went wrong is told by the code that comes with 'close'.
    stream.on('error', ignore);
    stream.on('close', onStreamClose);
  }

  get id(): number {
    return this.stream.id ?? 0;
  }

  /** Sends a part of the body; the bytes may be reused at once. False: wait for onDrain. */
  write(bytes: Buffer, from: number, to: number): boolean {
    if (this.closed || this.stream.writableEnded) return false;
    if (this.stream.write(Buffer.from(bytes.subarray(from, to)))) return !this.congested;
    this.congested = true;
    if (!this.listensForDrain) this.stream.on('drain', onStreamDrain);
    this.listensForDrain = true;
    this.awaitReader();
    return false;
  }

  /** All has been written. Trailers go out only if the head said that they would come. */
  end(trailers: FlatFields | null = null): void {
    if (this.closed || this.stream.writableEnded) return;
    this.trailersToSend = trailers;
    this.stream.end();
    this.awaitReader();
  }

  /**
   * Gives up both directions; the other side learns the code. With 0, after end(): only what is still to be read is given
   * up. A body that was not ended is cut and never looks complete, though close() alone would end it first.
   */
  reset(code: number): void {
    if (this.closed) return;
    const { stream } = this;
    if (!stream.writableEnded) stream.end = () => stream;
    else if (code === HTTP2_CODE.NO_ERROR && this.owesTrailers) {
      // They bring the end of the message; a reset before them would cut it.
      this.resetsAfterTrailers = true;
      return;
    }
    stream.close(code);
  }

  /** Stops reading the body: the other side may send no more than its flow-control window. */
  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** The message that this side waits for, or answers with, has gone through whole. */
  protected abstract get complete(): boolean;

  protected listenForBody(): void {
    this.stream.on('data', onStreamData);
    this.stream.on('end', onStreamEnd);
    this.stream.on('trailers', onStreamTrailers);
  }

  protected listenForTrailersWanted(): void {
    this.owesTrailers = true;
    this.stream.on('wantTrailers', onTrailersWanted);
  }

  /** A reader that takes nothing must not hold the exchange for ever; nor may one that never opens its window. */
  private awaitReader(): void {
    wheel.arm(this.stall, this.host.stallTimeoutMs);
  }

  // -- What node's stream says; public only for the shared listeners below -------------------------------------------

  sawData(bytes: Buffer): void {
    this.handler.onData(bytes, 0, bytes.length);
  }

  sawTrailers(fields: FlatFields): void {
    this.receivedTrailers = fields;
  }

  sawEnd(): void {
    // A stream that was reset ends as well; that is no complete message.
    if (this.received || this.closed || this.stream.rstCode !== HTTP2_CODE.NO_ERROR || this.stream.aborted) return;
    this.received = true;
    this.handler.onEnd(this.receivedTrailers);
  }

  sawDrain(): void {
    if (this.closed) return;
    this.congested = false;
    if (!this.stream.writableEnded) wheel.release(this.stall);
    this.handler.onDrain();
  }

  sendTrailers(): void {
    // Without any, an empty frame takes their place.
    if (this.closed) return;
    this.owesTrailers = false;
    this.stream.sendTrailers(fieldsByName(this.trailersToSend ?? []));
    if (this.resetsAfterTrailers) setImmediate(() => this.closeWhenSent());
  }

  /** A reset would overtake trailers that wait for the socket to take them. */
  private closeWhenSent(): void {
    if (this.closed) return;
    if (this.stream.state.localClose === 1) this.stream.close(HTTP2_CODE.NO_ERROR);
    else wheel.arm(new Deadline(() => this.closeWhenSent()), 0);
  }

  sawClose(): void {
    this.closed = true;
    wheel.release(this.stall);
    const { rstCode } = this.stream;
    // A connection that is lost closes its streams with any code, or none.
    const code = this.host.lost
      ? HTTP2_CODE.CANCEL
      : rstCode || (this.complete ? HTTP2_CODE.NO_ERROR : HTTP2_CODE.CANCEL);
    this.handler.onClose(code);
    this.host.streamOver();
  }
}

/** The one form that node:http2 takes for trailers. */
export function fieldsByName(fields: FlatFields): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = Object.create(null);
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index]!;
    const value = fields[index + 1]!;
    const earlier = byName[name];
    if (earlier === undefined) byName[name] = value;
    else if (typeof earlier === 'string') byName[name] = [earlier, value];
    else earlier.push(value);
  }
  return byName;
}

// The listeners are shared by all streams: a closure for each would cost more than what it does.

function ignore(): void {}

function onStreamData(this: NodeStream, bytes: Buffer): void {
  (this as OwnedStream)[owner].sawData(bytes);
}

function onStreamTrailers(this: NodeStream, _headers: unknown, _flags: number, fields: FlatFields): void {
  (this as OwnedStream)[owner].sawTrailers(fields);
}

function onStreamEnd(this: NodeStream): void {
  (this as OwnedStream)[owner].sawEnd();
}

function onStreamDrain(this: NodeStream): void {
  (this as OwnedStream)[owner].sawDrain();
}

function onTrailersWanted(this: NodeStream): void {
  (this as OwnedStream)[owner].sendTrailers();
}

function onStreamClose(this: NodeStream): void {
  (this as OwnedStream)[owner].sawClose();
}
