// The client's side of HTTP/2 on an established socket, over node:http2's core. Rule: it says at any time how many more
// requests it takes, and of a request that was refused whether the server can have begun it.
import type { ClientHttp2Session, ClientHttp2Stream as NodeClientStream } from 'node:http2';
import type net from 'node:net';
import { HTTP2_CODE } from '../codec/http2/frames.ts';
import type { CloseReason } from './connection.ts';
import {
  type FlatFields,
  type Http2Body,
  Http2Stream,
  type Http2StreamHandler,
  type Http2StreamHost,
} from './http2-stream.ts';
import { nodeHttp2 } from './node-http2.ts';
import { Deadline, wheel } from './timers.ts';

export interface Http2ClientOptions {
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  /** Resets a stream whose reader has taken nothing for so long. */
  readonly stallTimeoutMs: number;
}

export interface Http2ClientHandler {
  /** `capacity` may have grown: the server has told its limit, or a stream is over. */
  onCapacity(): void;
  /** Exactly once, after the onClose of every stream. */
  onClose(reason: CloseReason): void;
}

export interface Http2RequestHandler extends Http2StreamHandler {
  /** A 1xx answer; the real one follows. `fields` begins with ':status'. */
  onInterim(fields: FlatFields): void;
  /** The answer's head; `ended` = it is all of the answer, and onEnd follows without any onData. */
  onHead(fields: FlatFields, ended: boolean): void;
}

/** What is taken for the server's limit until it has told it. */
const ASSUMED_STREAMS = 100;
/** What a server may send on one stream, and on all together, before it has been read. */
const STREAM_WINDOW_BYTES = 256 * 1024;
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
/** How long a closing connection may take to send its last bytes and be closed by the server. */
const LINGER_MS = 2000;
const FLAG_END_STREAM = 1;

export class Http2ClientConnection implements Http2StreamHost {
  openStreams = 0;
  private readonly socket: net.Socket;
  private readonly session: ClientHttp2Session;
  private readonly handler: Http2ClientHandler;
  private readonly options: Http2ClientOptions;
  readonly stallTimeoutMs: number;
  private maxStreams = ASSUMED_STREAMS;
  private leaving = false;
  private closed = false;
  private reason: CloseReason = 'eof';
  private readonly lingering = new Deadline(() => this.socket.destroy());

  /** Takes over an established, paused socket without listeners. */
  constructor(socket: net.Socket, options: Http2ClientOptions, handler: Http2ClientHandler) {
    this.handler = handler;
    this.options = options;
    this.stallTimeoutMs = options.stallTimeoutMs;
    this.socket = socket;
    this.session = this.handshake(socket);
  }

  /** How many requests it takes now. 0 for good once the server has said that it goes away. */
  get capacity(): number {
    return this.leaving || this.lost ? 0 : Math.max(0, this.maxStreams - this.openStreams);
  }

  /** It is of no more use. */
  get lost(): boolean {
    return this.session.destroyed;
  }

  /**
   * Begins a request. `fields` begins with ':method', ':scheme', ':authority' and ':path', and belongs to the stream from
   * here on. Null: it could not be sent as HTTP/2, and nothing was.
   */
  request(fields: string[], body: Http2Body, handler: Http2RequestHandler): Http2ClientStream | null {
    const options = { endStream: body === 'none', waitForTrailers: body === 'body-and-trailers' };
    let stream: NodeClientStream;
    try {
      stream = this.session.request(fields, options);
    } catch {
      return null;
    }
    this.openStreams += 1;
    return new Http2ClientStream(stream, this, body, handler);
  }

  /** Takes no more requests; closes when the last stream is over. */
  close(): void {
    this.leaving = true;
    this.session.close();
    this.closeWhenEmpty();
  }

  destroy(reason: CloseReason): void {
    this.reason = reason;
    this.end();
  }

  streamOver(): void {
    this.openStreams -= 1;
    this.closeWhenEmpty();
    if (this.capacity > 0) this.handler.onCapacity();
  }

  /** node:http2 would do it, but forgets to when its farewell could not be sent at once. */
  private closeWhenEmpty(): void {
    if (this.leaving && this.openStreams === 0) setImmediate(() => this.end());
  }

  private end(): void {
    this.linger();
    this.session.destroy();
  }

  /** node:http2 sends what it has and waits for the server to close its side; a server that does not is left. */
  private linger(): void {
    if (!this.closed) wheel.arm(this.lingering, LINGER_MS);
  }

  private handshake(socket: net.Socket): ClientHttp2Session {
    const { maxHeadBytes, maxFields } = this.options;
    const options = {
      createConnection: () => socket,
      settings: { maxHeaderListSize: maxHeadBytes, initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
      maxHeaderListPairs: maxFields,
      strictSingleValueFields: false,
    };
    // The authority is part of every request; the one given here is never used.
    const session = nodeHttp2().connect('http://unused.invalid', options);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    // A server that ends its side of the connection is gone, whatever is still open.
    socket.allowHalfOpen = false;
    // Nobody has read from a dialled socket yet, and the session leaves it to the socket to begin.
    socket.read(0);
    session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.maxStreams = maxConcurrentStreams ?? ASSUMED_STREAMS;
      this.handler.onCapacity();
    });
    session.on('goaway', () => {
      this.leaving = true;
      this.closeWhenEmpty();
    });
    session.on('error', () => {
      if (this.reason === 'eof') this.reason = 'error';
      this.linger();
    });
    session.on('close', () => {
      this.closed = true;
      wheel.release(this.lingering);
      this.handler.onClose(this.reason);
    });
    return session;
  }
}

export class Http2ClientStream extends Http2Stream {
  private readonly requestHandler: Http2RequestHandler;
  private answered = false;

  constructor(stream: NodeClientStream, host: Http2StreamHost, body: Http2Body, handler: Http2RequestHandler) {
    super(stream, host);
    this.handler = handler;
    this.requestHandler = handler;
    if (body === 'body-and-trailers') this.listenForTrailersWanted();
    stream.on('headers', (_headers, _flags, fields) => handler.onInterim(fields));
    stream.on('response', (_headers, flags, fields) => this.sawHead(fields, flags));
    this.listenForBody();
  }

  /** It failed before the server can have begun it: it may be sent again, whatever its method. */
  get unprocessed(): boolean {
    return !this.answered && this.stream.rstCode === HTTP2_CODE.REFUSED_STREAM;
  }

  protected override get complete(): boolean {
    return this.received;
  }

  private sawHead(fields: FlatFields, flags: number): void {
    this.answered = true;
    this.requestHandler.onHead(fields, (flags & FLAG_END_STREAM) !== 0);
  }
}
