// The server's side of HTTP/2 on an established socket, over node:http2's core: each request is a small object. Rule: a
// client gets what it may use and no more: streams, header bytes, resets and time without progress are all bounded.
import type { ServerHttp2Session, ServerHttp2Stream as NodeServerStream } from 'node:http2';
import type net from 'node:net';
import { type ClientCertificate, clientCertificateOf } from './client-certificate.ts';
import type { CloseReason } from './connection.ts';
import {
  fieldsByName,
  type FlatFields,
  HTTP2_CODE,
  type Http2Body,
  Http2Stream,
  type Http2StreamHost,
} from './http2-stream.ts';
import { nodeHttp2 } from './node-http2.ts';
import { Deadline, wheel } from './timers.ts';

/** The flag of a frame after which its side sends nothing more. */
const END_STREAM = 1;

export interface Http2ServerOptions {
  readonly maxConcurrentStreams: number;
  /**
   * Names and values of a request's head, each field counted with 32 bytes more, as RFC 9113 counts. It is announced to
   * the client and holds once the client has confirmed that; a client that never does may send 64 KiB.
   */
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
 * A client may reset some of its requests, or make node:http2 reset them by what it sends. Who does little else only wants
 * to see us work (CVE-2023-44487, CVE-2025-8671): each such stream costs one, and the budget fills up again slowly. What
 * we give up ourselves, since an origin failed, costs nothing.
 */
const RESET_BUDGET = 300;
const RESET_REFILL_PER_SECOND = 20;

/** What may arrive for all streams together before the slowest one has been read. */
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
/** How long a closing connection may take to send its last bytes and be closed by the client. */
const LINGER_MS = 2000;

export class Http2ServerConnection implements Http2StreamHost {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly secure: boolean;
  /** TLS: the name that the client asked for, or empty. */
  readonly serverName: string;
  openStreams = 0;
  private readonly socket: net.Socket;
  private readonly session: ServerHttp2Session;
  private readonly handler: Http2ServerHandler;
  private readonly options: Http2ServerOptions;
  readonly stallTimeoutMs: number;
  /** For being idle; at the end, for closing. */
  private readonly deadline = new Deadline(() => this.expire());
  private resetBudget = RESET_BUDGET;
  private refilledAtMs = 0;
  private reason: CloseReason = 'eof';
  private leaving = false;

  /** Takes over an established, paused socket without listeners; bytes that were read already are put back with unshift. */
  constructor(socket: net.Socket, options: Http2ServerOptions, handler: Http2ServerHandler) {
    this.handler = handler;
    this.options = options;
    this.stallTimeoutMs = options.stallTimeoutMs;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.secure = 'encrypted' in socket;
    this.serverName = 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : '';
    this.socket = socket;
    this.session = this.handshake(socket);
    wheel.arm(this.deadline, options.idleTimeoutMs);
  }

  /** TLS: what the client has shown and could be verified. */
  get clientCertificate(): ClientCertificate | null {
    return clientCertificateOf(this.socket);
  }

  get lost(): boolean {
    return this.session.destroyed;
  }

  /**
   * Takes no new requests, finishes what is open, then closes. The client is told which was the last request that was
   * begun; what it has sent since then it may send again elsewhere.
   */
  drain(): void {
    if (this.leaving || this.session.destroyed) return;
    this.reason = 'drain';
    this.leave();
  }

  /** Ends at once, whatever is open. */
  cut(reason: CloseReason = 'drain'): void {
    this.reason = reason;
    this.session.destroy();
    this.socket.destroy();
  }

  private handshake(socket: net.Socket): ServerHttp2Session {
    const { maxConcurrentStreams, maxHeadBytes, maxFields } = this.options;
    const session = nodeHttp2().performServerHandshake(socket, {
      settings: { maxConcurrentStreams, maxHeaderListSize: maxHeadBytes, enablePush: false },
      maxHeaderListPairs: maxFields,
      maxOutstandingPings: 4,
      maxSessionInvalidFrames: 100,
      // What comes from an origin is passed on as it is, doubled fields included.
      strictSingleValueFields: false,
    });
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    // A client that ends its side of the connection is gone, whatever is still open.
    socket.allowHalfOpen = false;
    // Nobody has read from an accepted socket yet, and the session leaves it to the socket to begin.
    socket.read(0);
    session.on('stream', (stream, _headers, flags, fields) => this.begin(stream, flags, fields));
    session.on('error', () => {
      // What was wrong with the connection as a whole; our own reasons for ending it come first.
      if (this.reason === 'eof') this.reason = 'error';
    });
    session.on('close', () => {
      wheel.release(this.deadline);
      this.handler.onClose(this.reason);
    });
    return session;
  }

  private begin(stream: NodeServerStream, flags: number, fields: FlatFields): void {
    this.openStreams += 1;
    wheel.disarm(this.deadline);
    const ended = (flags & END_STREAM) !== 0;
    this.handler.onRequest(new Http2ServerStream(stream, this, fields, ended));
  }

  streamOver(cut: boolean): void {
    this.openStreams -= 1;
    if (cut) this.payForReset();
    if (this.session.destroyed) this.linger();
    else if (this.leaving) this.closeWhenEmpty();
    else if (this.openStreams === 0) wheel.arm(this.deadline, this.options.idleTimeoutMs);
  }

  private payForReset(): void {
    const nowMs = wheel.now();
    const refill = ((nowMs - this.refilledAtMs) / 1000) * RESET_REFILL_PER_SECOND;
    this.refilledAtMs = nowMs;
    this.resetBudget = Math.min(RESET_BUDGET, this.resetBudget + refill) - 1;
    if (this.resetBudget >= 0 || this.session.destroyed) return;
    this.reason = 'refused';
    this.linger();
    this.session.destroy(new Error('too many streams were reset'), HTTP2_CODE.ENHANCE_YOUR_CALM);
  }

  private expire(): void {
    if (this.session.destroyed) {
      this.socket.destroy();
      return;
    }
    this.reason = 'idle';
    this.leave();
  }

  private leave(): void {
    this.leaving = true;
    this.session.close();
    this.closeWhenEmpty();
  }

  /** node:http2 would do it, but forgets to when its farewell could not be sent at once. */
  private closeWhenEmpty(): void {
    if (!this.leaving || this.openStreams > 0) return;
    this.linger();
    setImmediate(() => this.session.destroy());
  }

  /** The last frames go out and the client closes its side; a client that does neither is not waited for. */
  private linger(): void {
    wheel.arm(this.deadline, LINGER_MS);
  }
}

export class Http2ServerStream extends Http2Stream {
  /** The request's head in the order in which it came, the pseudo-fields first. */
  readonly fields: FlatFields;
  readonly hasBody: boolean;
  private readonly serverStream: NodeServerStream;

  constructor(stream: NodeServerStream, host: Http2StreamHost, fields: FlatFields, ended: boolean) {
    super(stream, host);
    this.serverStream = stream;
    this.fields = fields;
    this.hasBody = !ended;
    this.received = ended;
    // Reading a body that is not there would cost a request without one a fifth of its time.
    if (this.hasBody) this.listenForBody();
  }

  /**
   * Sends the answer's head. `fields` begins with ':status' and belongs to the stream from here on; no connection-specific
   * field may be in it. False: it could not be sent as HTTP/2 (a status beyond 599, a name that is none), and nothing was.
   */
  respond(fields: string[], body: Http2Body): boolean {
    if (this.closed) return false;
    const options = { endStream: body === 'none', waitForTrailers: body === 'body-and-trailers', sendDate: false };
    try {
      this.serverStream.respond(fields, options);
    } catch {
      return false;
    }
    if (body === 'body-and-trailers') this.listenForTrailersWanted();
    return true;
  }

  /** Sends a 1xx answer before the real one. */
  inform(fields: FlatFields): void {
    if (!this.closed && !this.serverStream.headersSent) this.serverStream.additionalHeaders(fieldsByName(fields));
  }

  protected override get complete(): boolean {
    return this.serverStream.writableEnded;
  }
}
