// One request by HTTP/2 and its answer, on the server's side: bytes both ways with back-pressure, trailers, one end.
// Rule: onClose comes exactly once and last, never while the exchange is at work, and says 0 only when everything was sent and received.
import {
  FLAG,
  HTTP2_CODE,
  INITIAL_WINDOW_BYTES,
  MAX_WINDOW_BYTES,
  writeReset,
  writeWindowUpdate,
} from '../codec/http2/frames.ts';
import { BytesQueue } from './bytes-queue.ts';
import type { FramedStream, Http2Output, WaitingStream } from './http2-output.ts';
import type { FlatFields, Http2Body, Http2StreamHandler } from './http2-stream.ts';
import { Deadline, wheel } from './timers.ts';

/** The connection that a stream belongs to. */
export interface Http2StreamHome {
  readonly output: Http2Output;
  /** How long a client may take nothing of what is to be sent before its stream is reset. */
  readonly stallTimeoutMs: number;
  /** So many octets of bodies have been used, or never will be: the client may send as many again. */
  consumed(count: number): void;
  /** The client is to be told to stop sending, when it has had time to see the answer. */
  owesReset(id: number): void;
  /** Called once; the stream's handler is told when what was written has left. `givenUp` = frames of it may still be on their way. */
  streamClosed(stream: Http2ServerStream, givenUp: boolean): void;
}

const NOBODY: Http2StreamHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** So much of a body has to be used before the client is told that it may send more. */
const WORTH_TELLING_BYTES = INITIAL_WINDOW_BYTES >> 1;
/** A length that was not announced. */
const UNKNOWN = -1;
const FINAL_STATUS = /^[2-5]\d\d$/;
/** There is no switch of protocols in HTTP/2. */
const INTERIM_STATUS = /^1(?!01)\d\d$/;

export class Http2ServerStream implements FramedStream, WaitingStream {
  /** Set by whoever takes the stream, before it returns to the event loop. */
  handler: Http2StreamHandler = NOBODY;
  readonly id: number;
  /** The request's head in the order in which it came, the pseudo-fields first. */
  readonly fields: FlatFields;
  readonly hasBody: boolean;
  /** Nothing more can be written or will be read. */
  closed = false;
  /** How it ended, as an HTTP/2 error code; 0 = complete. */
  code: number = HTTP2_CODE.NO_ERROR;
  /** A write answered false and its onDrain has not come yet. */
  congested = false;
  /** It was this side that gave up, which is not held against the client. */
  gaveUp = false;
  /** What the client takes of this stream. */
  window: number;
  lastFlagsAt = 0;
  lastTurn = -1;
  /** The client has sent all of its request. */
  remoteEnded: boolean;
  private readonly home: Http2StreamHome;
  // -- The answer
  private headSent = false;
  private ended = false;
  private localEnded = false;
  private resetsAfterEnd = false;
  private trailers: FlatFields | null = null;
  /** What the windows or the socket did not take; made when it is needed, as is the one below. */
  private queue: BytesQueue | null = null;
  private isWaiting = false;
  private stall: Deadline | null = null;
  // -- The request
  private received: boolean;
  private paused = false;
  private isDelivering = false;
  /** Octets of the body that are still to come by what was announced. */
  private contentLeft: number;
  private receivable = INITIAL_WINDOW_BYTES;
  private untold = 0;
  /** What has come while nobody read. */
  private inbox: BytesQueue | null = null;
  private requestTrailers: FlatFields | null = null;

  constructor(id: number, home: Http2StreamHome, fields: FlatFields, contentLength: number | null) {
    this.id = id;
    this.home = home;
    this.fields = fields;
    this.hasBody = contentLength !== null;
    this.contentLeft = contentLength ?? UNKNOWN;
    this.remoteEnded = !this.hasBody;
    this.received = !this.hasBody;
    this.window = home.output.initialWindow;
  }

  // -- What the exchange asks ----------------------------------------------------------------------------------------

  /**
   * Sends the answer's head. `fields` begins with ':status'; no connection-specific field may be in it. False: it could not
   * be sent as HTTP/2 (a status beyond 599, a name that is none), and nothing was.
   */
  respond(fields: FlatFields, body: Http2Body): boolean {
    if (this.closed || this.headSent || !FINAL_STATUS.test(fields[1]!)) return false;
    const flags = body === 'none' ? FLAG.END_STREAM : 0;
    if (!this.home.output.writeHeaders(this.id, flags, fields)) return false;
    this.headSent = true;
    if (body === 'none') {
      this.ended = true;
      this.endLocal();
    }
    return true;
  }

  /** Sends a 1xx answer before the real one. */
  inform(fields: FlatFields): void {
    if (this.closed || this.headSent || !INTERIM_STATUS.test(fields[1]!)) return;
    this.home.output.writeHeaders(this.id, 0, fields);
  }

  /** Sends a part of the body; the bytes may be reused at once. False: wait for onDrain. */
  write(bytes: Buffer, from: number, to: number): boolean {
    return this.send(bytes, from, to, false);
  }

  /** The same with bytes that never change. */
  lend(bytes: Buffer, from: number, to: number): boolean {
    return this.send(bytes, from, to, true);
  }

  private send(bytes: Buffer, from: number, to: number, areLent: boolean): boolean {
    if (this.closed || this.ended) return false;
    const at = this.queued === 0 ? this.home.output.writeData(this, bytes, from, to) : from;
    if (at === to && !this.home.output.congested) return !this.congested;
    if (at < to) {
      this.queue ??= new BytesQueue();
      if (areLent) this.queue.lend(bytes, at, to);
      else this.queue.push(bytes, at, to);
    }
    this.congested = true;
    this.waitForRoom();
    return false;
  }

  /** All has been written. */
  end(trailers: FlatFields | null = null): void {
    if (this.closed || this.ended) return;
    this.ended = true;
    this.trailers = trailers;
    if (this.queued === 0) this.drained();
  }

  /**
   * Gives up both directions; the other side learns the code. With 0, after end(): only what is still to be read is given
   * up. A body that was not ended is cut and never looks complete.
   */
  reset(code: number): void {
    if (this.closed) return;
    this.gaveUp = true;
    const goesOn = this.ended && !this.localEnded && code === HTTP2_CODE.NO_ERROR;
    if (goesOn) this.resetsAfterEnd = true;
    else if (this.localEnded && this.remoteEnded) this.finish(code, false);
    else if (this.localEnded && code === HTTP2_CODE.NO_ERROR) {
      this.home.owesReset(this.id);
      this.finish(code, true);
    } else this.cut(code);
  }

  /** Stops reading the body: the other side may send no more than its flow-control window. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (!this.isDelivering) this.deliver();
  }

  // -- What the connection says --------------------------------------------------------------------------------------

  /** A frame of the body begins, with so many octets. False: more than it may send. */
  takes(count: number): boolean {
    this.receivable -= count;
    return this.receivable >= 0;
  }

  /** Octets of the body; false: more than were announced. */
  sawData(bytes: Buffer, from: number, to: number): boolean {
    if (this.closed) {
      this.home.consumed(to - from);
      return true;
    }
    if (this.contentLeft !== UNKNOWN && (this.contentLeft -= to - from) < 0) {
      this.home.consumed(to - from);
      return false;
    }
    if (this.paused || this.unread > 0) {
      this.inbox ??= new BytesQueue();
      this.inbox.push(bytes, from, to);
      return true;
    }
    this.isDelivering = true;
    this.handler.onData(bytes, from, to);
    this.isDelivering = false;
    this.used(to - from);
    return true;
  }

  /** The connection has counted it already. */
  sawPadding(count: number): void {
    this.tell(count);
  }

  /** The client has sent everything; false: less than was announced. */
  sawEnd(trailers: FlatFields | null): boolean {
    if (this.contentLeft > 0) return false;
    this.remoteEnded = true;
    this.requestTrailers = trailers;
    if (!this.paused && !this.isDelivering) this.deliver();
    return true;
  }

  /** So many octets more may be sent; false: more than there can be. */
  widen(increment: number): boolean {
    this.window += increment;
    if (this.window > MAX_WINDOW_BYTES) return false;
    if (this.queued > 0) this.waitForRoom();
    return true;
  }

  /** The client has given it up. */
  sawReset(code: number): void {
    const isCut = code !== HTTP2_CODE.NO_ERROR || !this.localEnded;
    this.finish(isCut ? code || HTTP2_CODE.CANCEL : HTTP2_CODE.NO_ERROR, false);
  }

  /** Ends it with a reset, for what its client or its connection has done. */
  cut(code: number): void {
    if (this.closed) return;
    writeReset(this.home.output.room, this.id, code);
    this.finish(code, true);
  }

  /** The connection is lost. */
  lose(): void {
    this.gaveUp = true;
    this.finish(HTTP2_CODE.CANCEL, false);
  }

  /** Sends one frame of what waits; true: there is more, and the connection is what it waits for. */
  sendSome(): boolean {
    const { queue, home } = this;
    this.isWaiting = false;
    if (this.closed) return false;
    if (queue !== null && queue.length > 0) {
      const { first } = queue;
      const size = Math.min(first.length, home.output.mostFor(this));
      if (size > 0) {
        home.output.writeFrame(this, first, 0, size);
        queue.drop(size);
        if (this.stall !== null) wheel.arm(this.stall, home.stallTimeoutMs);
      }
    }
    if (this.queued > 0) return (this.isWaiting = this.window > 0);
    // Whoever writes on from there waits by itself.
    this.drained();
    return false;
  }

  // -- Inside --------------------------------------------------------------------------------------------------------

  /** Octets of the answer that wait, and of the request. */
  private get queued(): number {
    return this.queue === null ? 0 : this.queue.length;
  }

  private get unread(): number {
    return this.inbox === null ? 0 : this.inbox.length;
  }

  /** A reader that takes nothing must not hold the exchange for ever; nor may one that never opens its window. */
  private waitForRoom(): void {
    const { home } = this;
    this.stall ??= new Deadline(() => this.reset(HTTP2_CODE.CANCEL));
    wheel.arm(this.stall, home.stallTimeoutMs);
    if (this.isWaiting || (this.window <= 0 && this.queued > 0)) return;
    this.isWaiting = true;
    home.output.wait(this);
    home.output.pump();
  }

  private drained(): void {
    if (this.stall !== null) wheel.release(this.stall);
    if (this.localEnded) return;
    if (this.ended) this.writeEnd();
    else if (this.congested) {
      this.congested = false;
      this.handler.onDrain();
    }
  }

  private writeEnd(): void {
    const { output } = this.home;
    const { trailers } = this;
    const hasTrailers = trailers !== null && trailers.length > 0;
    if (!hasTrailers || !output.writeHeaders(this.id, FLAG.END_STREAM, trailers)) output.writeEnd(this);
    this.endLocal();
  }

  private endLocal(): void {
    this.localEnded = true;
    if (this.received) this.finish(HTTP2_CODE.NO_ERROR, false);
    else if (this.resetsAfterEnd) this.reset(HTTP2_CODE.NO_ERROR);
  }

  /** Hands on what has come while nobody read. */
  private deliver(): void {
    this.isDelivering = true;
    while (this.unread > 0 && !this.paused && !this.closed) this.deliverFirst(this.inbox!);
    this.isDelivering = false;
    if (!this.remoteEnded || this.received || this.paused || this.closed) return;
    this.received = true;
    this.handler.onEnd(this.requestTrailers);
    if (this.localEnded) this.finish(HTTP2_CODE.NO_ERROR, false);
  }

  private deliverFirst(inbox: BytesQueue): void {
    const { first } = inbox;
    inbox.drop(first.length);
    this.handler.onData(first, 0, first.length);
    this.used(first.length);
  }

  private used(count: number): void {
    this.home.consumed(count);
    this.tell(count);
  }

  private tell(count: number): void {
    if (this.closed || this.remoteEnded) return;
    this.untold += count;
    if (this.untold < WORTH_TELLING_BYTES) return;
    writeWindowUpdate(this.home.output.room, this.id, this.untold);
    this.receivable += this.untold;
    this.untold = 0;
  }

  private finish(code: number, givenUp: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.code = code;
    if (this.stall !== null) wheel.release(this.stall);
    if (this.isWaiting) this.home.output.leaveWaiting(this);
    this.queue?.clear();
    if (this.unread > 0) this.home.consumed(this.unread);
    this.inbox?.clear();
    this.home.streamClosed(this, givenUp);
  }
}
