// The server's side of HTTP/2 on an established connection: its streams, its limits and its end. Rule: a client gets what it may
// use and no more: streams, header bytes, resets and time without progress are all bounded.
import { Buffer } from 'node:buffer';
import type net from 'node:net';
import {
  HTTP2_CODE,
  INITIAL_WINDOW_BYTES,
  MAX_STREAM_ID,
  writeGoaway,
  writePing,
  writeReset,
  writeWindowUpdate,
} from '../codec/http2/frames.ts';
import { SETTING, writeSettings } from '../codec/http2/settings.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { type CloseReason, Connection, type ConnectionHandler, NOBODY } from './connection.ts';
import { Http2Budget } from './http2-budget.ts';
import { CONNECTION_WINDOW_BYTES, Http2Inbound, type InboundHome } from './http2-inbound.ts';
import { Http2Output } from './http2-output.ts';
import { Http2ServerStream, type Http2StreamHome } from './http2-server-stream.ts';
import type { FlatFields } from './http2-stream.ts';
import { Deadline, wheel } from './timers.ts';

export interface Http2ServerOptions {
  readonly maxConcurrentStreams: number;
  /** Names and values of a request's head, each field counted with 32 bytes more, as RFC 9113 counts; the client is told. */
  readonly maxHeadBytes: number;
  /** Fields of a request's head, crumbs of cookies counted one by one. */
  readonly maxFields: number;
  /** Ends a connection that has had no request open for so long. */
  readonly idleTimeoutMs: number;
  /** Resets a stream whose reader has taken nothing for so long. */
  readonly stallTimeoutMs: number;
}

export interface Http2ServerHandler {
  /** The request's head is complete; the stream's handler is to be set before this returns. */
  onRequest(stream: Http2ServerStream): void;
  /** Exactly once, after the onClose of every stream. */
  onClose(reason: CloseReason): void;
}

/**
 * A client may reset some of its requests, or make us reset them by what it sends. Who does little else only wants to see us
 * work (CVE-2023-44487, CVE-2025-8671): each such stream costs one, and the budget fills up again slowly. What we give up
 * ourselves, since an origin failed, costs nothing.
 */
const RESETS = 300;
const RESETS_PER_SECOND = 20;

/** Frames beside those of bodies that may wait for a client to read before nothing more is read of it. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** How long a closing connection may take to send its last bytes and be closed by the client. */
const LINGER_MS = 2000;
/** How long a client may take to answer that it knows of our leaving; what it sends until then is served. */
const WARNING_MS = 500;
const WARNING = Buffer.from('leaving\0', 'latin1');

/**
 * An answer that is complete before its request tells the client to stop with a reset. Programs that find both in one read
 * take the reset and forget the answer (curl before 8), so that the reset follows a little later.
 */
const RESET_AFTER_ANSWER_MS = 50;

/** The ways from open to closed. */
const STATE = {
  OPEN: 0,
  /** The client has been told to begin nothing more, and may not know yet. */
  WARNED: 1,
  /** What was begun is finished. */
  LEAVING: 2,
  /** The last bytes go out, and what comes in is dropped. */
  ENDING: 3,
  CLOSED: 4,
} as const;

export class Http2ServerConnection implements ConnectionHandler, Http2StreamHome, InboundHome {
  readonly output: Http2Output;
  readonly streams: Map<number, Http2ServerStream> = new Map();
  readonly stallTimeoutMs: number;
  readonly secure: boolean;
  /** TLS: the name that the client asked for, or empty. */
  readonly serverName: string;
  /** Streams whose handlers have not heard of their end. */
  openStreams = 0;
  private readonly connection: Connection;
  private readonly handler: Http2ServerHandler;
  private readonly options: Http2ServerOptions;
  private readonly inbound: Http2Inbound;
  /** For being idle; at the end, for closing. */
  private readonly deadline = new Deadline(() => this.expire());
  private readonly resets = new Http2Budget(RESETS, RESETS_PER_SECOND);
  /** Closed, with handlers that are to be told when what was written has left. */
  private over: Http2ServerStream[] = [];
  /** Streams that are still to be reset. */
  private owed: number[] = [];
  private readonly owing = new Deadline(() => this.payOwed());
  private reason: CloseReason | null = null;
  private state: number = STATE.OPEN;

  /** Takes over an established connection, or a paused socket without listeners, of which nothing has been read. */
  constructor(socket: net.Socket | Connection, options: Http2ServerOptions, handler: Http2ServerHandler) {
    this.handler = handler;
    this.options = options;
    this.stallTimeoutMs = options.stallTimeoutMs;
    this.connection = socket instanceof Connection ? socket : new Connection(socket, NOBODY);
    this.secure = this.connection.secure;
    this.serverName = this.connection.serverName;
    this.output = new Http2Output(this.connection, () => this.settle());
    this.inbound = new Http2Inbound(this, options);
    this.greet();
    wheel.arm(this.deadline, options.idleTimeoutMs);
    this.connection.handler = this;
    this.connection.resume();
  }

  get remoteAddress(): string {
    return this.connection.remoteAddress;
  }

  get remotePort(): number {
    return this.connection.remotePort;
  }

  get bytesRead(): number {
    return this.connection.bytesRead;
  }

  get bytesWritten(): number {
    return this.connection.bytesWritten;
  }

  /** TLS: what the client has shown and could be verified. */
  get clientCertificate(): ClientCertificate | null {
    return this.connection.clientCertificate;
  }

  /**
   * Takes no new requests, finishes what is open, then closes. The client is told twice: first that it should begin nothing
   * more, and when it knows, which request was the last that was begun; what it sends after that it may send again elsewhere.
   */
  drain(): void {
    this.leave('drain');
  }

  /** Ends at once, whatever is open. */
  cut(reason: CloseReason = 'drain'): void {
    this.reason ??= reason;
    this.connection.destroy(reason);
  }

  // -- What the connection says --------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    this.inbound.feed(bytes, from, to);
    if (this.output.unsentBytes <= MAX_UNSENT_BYTES) return;
    this.output.send();
    if (this.connection.congested) this.connection.pause();
  }

  /** A client that ends its side of the connection is gone, whatever is still open. */
  onHalfClose(): void {
    this.reason ??= 'eof';
    this.loseStreams();
    if (this.state < STATE.ENDING) this.end();
    if (this.connection.unsentBytes === 0) this.connection.destroy('eof');
  }

  onDrain(): void {
    this.connection.resume();
    this.output.pump();
  }

  onClose(reason: CloseReason): void {
    this.state = STATE.CLOSED;
    this.inbound.stop();
    wheel.release(this.deadline);
    wheel.release(this.owing);
    this.loseStreams();
    this.settle();
    this.handler.onClose(this.reason ?? reason);
  }

  // -- What the streams say ------------------------------------------------------------------------------------------

  consumed(count: number): void {
    this.inbound.consumed(count);
  }

  owesReset(id: number): void {
    this.owed.push(id);
    if (!this.owing.armed) wheel.arm(this.owing, RESET_AFTER_ANSWER_MS);
  }

  private payOwed(): void {
    const { owed } = this;
    this.owed = [];
    for (const id of owed) writeReset(this.output.room, id, HTTP2_CODE.NO_ERROR);
  }

  streamClosed(stream: Http2ServerStream, givenUp: boolean): void {
    this.streams.delete(stream.id);
    this.inbound.closedStreams.add(stream.id, givenUp);
    this.over.push(stream);
    if (this.state === STATE.CLOSED) return;
    // Even if nothing is to be written: its handler is told when this turn is over.
    void this.output.room;
    if (stream.code !== HTTP2_CODE.NO_ERROR && !stream.gaveUp && this.state < STATE.ENDING) this.payForReset();
  }

  private payForReset(): void {
    if (!this.resets.spend()) this.fail(HTTP2_CODE.ENHANCE_YOUR_CALM, 'refused');
  }

  /** What was written has left: the handlers of the streams that are over are told. */
  private settle(): void {
    while (this.over.length > 0) {
      const { over } = this;
      this.over = [];
      for (const stream of over) {
        stream.handler.onClose(stream.code);
        this.openStreams -= 1;
      }
      if (this.openStreams === 0) this.becameIdle();
    }
  }

  private becameIdle(): void {
    if (this.state === STATE.OPEN) wheel.arm(this.deadline, this.options.idleTimeoutMs);
    else if (this.state === STATE.LEAVING) this.end();
  }

  // -- What the client's frames say ----------------------------------------------------------------------------------

  begin(id: number, fields: FlatFields, contentLength: number | null): void {
    const stream = new Http2ServerStream(id, this, fields, contentLength);
    this.streams.set(id, stream);
    this.openStreams += 1;
    if (this.state === STATE.OPEN) wheel.disarm(this.deadline);
    this.handler.onRequest(stream);
  }

  fail(code: number, reason: CloseReason): void {
    this.inbound.stop();
    if (this.state >= STATE.ENDING) return;
    this.reason ??= reason;
    this.state = STATE.ENDING;
    writeGoaway(this.output.room, this.inbound.lastStream, code);
    this.loseStreams();
    this.end();
  }

  pinged(): void {
    if (this.state === STATE.WARNED) this.farewell();
  }

  clientLeaves(): void {
    if (this.state !== STATE.OPEN) return;
    this.reason ??= 'eof';
    this.farewell();
  }

  // -- Inside --------------------------------------------------------------------------------------------------------

  private greet(): void {
    const { maxConcurrentStreams, maxHeadBytes } = this.options;
    const { room } = this.output;
    writeSettings(room, [
      [SETTING.MAX_CONCURRENT_STREAMS, maxConcurrentStreams],
      [SETTING.MAX_HEADER_LIST_SIZE, maxHeadBytes],
    ]);
    writeWindowUpdate(room, 0, CONNECTION_WINDOW_BYTES - INITIAL_WINDOW_BYTES);
  }

  private leave(reason: CloseReason): void {
    if (this.state !== STATE.OPEN) return;
    this.reason ??= reason;
    this.state = STATE.WARNED;
    writeGoaway(this.output.room, MAX_STREAM_ID, HTTP2_CODE.NO_ERROR);
    writePing(this.output.room, 0, WARNING, 0);
    wheel.arm(this.deadline, WARNING_MS);
  }

  private farewell(): void {
    this.state = STATE.LEAVING;
    this.inbound.isClosing = true;
    wheel.disarm(this.deadline);
    writeGoaway(this.output.room, this.inbound.lastStream, HTTP2_CODE.NO_ERROR);
    if (this.openStreams === 0) this.end();
  }

  private expire(): void {
    if (this.state === STATE.OPEN) this.leave('idle');
    else if (this.state === STATE.WARNED) this.farewell();
    else this.connection.destroy('idle');
  }

  private loseStreams(): void {
    for (const stream of this.streams.values()) stream.lose();
  }

  /** The last frames go out and the client closes its side; a client that does neither is not waited for. */
  private end(): void {
    this.state = STATE.ENDING;
    this.inbound.stop();
    this.payOwed();
    wheel.release(this.owing);
    this.output.send();
    this.connection.end();
    wheel.arm(this.deadline, LINGER_MS);
  }
}
