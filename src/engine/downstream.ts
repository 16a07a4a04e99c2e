// One client connection that speaks HTTP/1.1: reads requests, runs one exchange at a time and writes the answers in order.
// Rule: after anything ambiguous or cut the connection ends; what follows on it is never read as a request.
import { Buffer } from 'node:buffer';
import type { SwitchedPeer } from '../contract/exchange.ts';
import type { ErrorCode } from '../core/errors.ts';
import { FRAMING, type Head } from '../codec/http1/head.ts';
import type { MessageSink } from '../codec/http1/parser.ts';
import { RequestParser } from '../codec/http1/parser.ts';
import type { Connection, ConnectionHandler } from '../transport/connection.ts';
import { PrefaceSniffer } from '../transport/http2-preface.ts';
import { relay } from '../transport/relay.ts';
import { Deadline, wheel } from '../transport/timers.ts';
import { ConnectionClient } from './connection-client.ts';
import type { Engine } from './engine.ts';
import { HttpExchange } from './exchange.ts';
import { forwardedLines } from './forwarded-lines.ts';
import { headBuffers } from './head-buffers.ts';
import { type OpenConnection, openConnection } from './open-connection.ts';
import {
  BODY,
  bodyFraming,
  writeInterimHead,
  writeOwnSwitchHead,
  writeReadyHead,
  writeResponseHead,
  writeSwitchHead,
} from './response-writer.ts';
import type { Responder } from './responder.ts';
import type { ResponseState } from './response-state.ts';
import { SwitchedClient } from './switched-client.ts';
import { guardOf } from './tunnel-guards.ts';
import { watchOf } from './upgrade-watches.ts';
import { writeLastChunk } from './chunk-writer.ts';

/** After the last answer the client may still be sending; cutting it then would take the answer from it (RFC 9112, 9.6). */
const LINGER_MS = 2000;
const LINGER_BYTES = 1024 * 1024;

/** HTTP/2 by prior knowledge begins with `PRI * HTTP/2.0` (RFC 9113, 3.4), and so may POST, PUT and PATCH. */
const FIRST_OF_PREFACE = 80;

/** While draining, a connection that has been silent for so long has no request on its way. */
const DRAIN_IDLE_MS = 1000;

/** Larger pieces leave in several chunks; none that an upstream sends is larger. */
const MAX_CHUNK = 64 * 1024;

const NOTHING = Buffer.alloc(0);

export class Downstream extends ConnectionClient implements ConnectionHandler, MessageSink, Responder {
  private readonly openedAtMs = performance.now();
  readonly forwardedLines: Buffer;
  private readonly engine: Engine;
  private readonly parser: RequestParser;
  private readonly exchange: HttpExchange;
  private readonly deadline = new Deadline(() => this.expired());
  /** Holds the head while its exchange runs; idle connections hold none. */
  private headBuffer: Buffer | null = null;
  /** What was read and not yet parsed: the next requests of a pipeline, or a body that its producer cannot take yet. */
  private rest: Buffer = NOTHING;
  private held = false;
  private feeding = false;
  /** The exchange has ended while its request was being fed: the parser is to be reset when feed() returns. */
  private nextIsDue = false;
  private bodyMode: number = BODY.NONE;
  private keepAlive = true;
  /** The client sends nothing more, though it may still read. */
  private clientEnded = false;
  /** Nothing has been received yet. */
  private isFresh = true;
  /** The deadline is that of a head which has begun to arrive; a new connection is expected to send one at once. */
  private readingHead = true;
  private lingering = false;
  private lingered = 0;

  constructor(engine: Engine, connection: Connection, entrance: string) {
    super(connection, entrance);
    this.engine = engine;
    this.forwardedLines =
      engine.forwarding === 'none'
        ? NOTHING
        : forwardedLines(this.connection, `1.1 ${engine.pseudonym}`, engine.forwarding, engine.forwardedCertificate);
    this.parser = new RequestParser(engine.limits.request, this);
    this.exchange = new HttpExchange(engine, this, this.parser.head, false);
    wheel.arm(this.deadline, engine.timeouts.headersMs);
  }

  get isIdle(): boolean {
    return this.exchange.over && this.parser.idle;
  }

  // -- What the connection says ------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    const { isFresh, engine, connection } = this;
    this.isFresh = false;
    const mayBeHttp2 = isFresh && bytes[from] === FIRST_OF_PREFACE && engine.http2InTheClear && !connection.secure;
    if (mayBeHttp2) this.sniff(bytes, from, to);
    else this.read(bytes, from, to);
  }

  private read(bytes: Buffer, from: number, to: number): void {
    if (this.lingering) this.discard(to - from);
    else if (this.held) this.keep(bytes, from, to);
    else this.process(bytes, from, to);
    this.engine.outbound.flush();
  }

  onHalfClose(): void {
    if (this.lingering || this.isIdle) {
      // With bytes still on their way it closes by itself as soon as they have left.
      if (this.connection.unsentBytes === 0) this.connection.destroy('eof');
      else if (!this.lingering) this.finish();
      return;
    }
    this.clientEnded = true;
    // In a line others wait behind it: there it has to stay for its turn, whole.
    if (this.exchange.attempts.promisedBy !== null || this.exchange.bounds.halfIsGone) {
      this.connection.destroy('eof');
      return;
    }
    // A client that has sent its whole request may close its half and still read the answer.
    if (this.exchange.requestEnded && !this.exchange.over) this.keepAlive = false;
    else this.parser.finish();
    this.engine.outbound.flush();
  }

  onDrain(): void {
    if (this.lingering) wheel.arm(this.deadline, LINGER_MS);
    else this.armReading();
    this.exchange.onClientDrain();
    this.engine.outbound.flush();
  }

  onClose(): void {
    wheel.release(this.deadline);
    this.exchange.onClientGone();
    if (this.exchange.over) this.releaseHead();
    this.rest = NOTHING;
    this.engine.left(this);
    this.engine.outbound.flush();
  }

  /** A preface may come in pieces: until it is told from a request, the connection is the sniffer's. */
  private sniff(bytes: Buffer, from: number, to: number): void {
    const { connection, engine } = this;
    wheel.release(this.deadline);
    const sniffer = new PrefaceSniffer(connection, engine.timeouts.headersMs, {
      onHttp1: (_connection, first, firstFrom, firstTo) => {
        connection.handler = this;
        wheel.arm(this.deadline, engine.timeouts.headersMs);
        this.read(first, firstFrom, firstTo);
      },
      onHttp2: () => engine.becomesHttp2(this, connection),
      onClose: () => this.onClose(),
    });
    sniffer.onData(bytes, from, to);
  }

  // -- Reading -----------------------------------------------------------------------------------------------------

  private process(bytes: Buffer, from: number, to: number): void {
    let at = from;
    this.feeding = true;
    do {
      at = this.parser.feed(bytes, at, to);
    } while ((this.nextBegins() || this.goesOn) && at < to);
    this.feeding = false;
    if (this.connection.closed || this.lingering) return;
    if (at < to) this.keep(bytes, at, to);
    else if (!this.held) this.connection.resume();
    this.armReading();
  }

  /** Makes ready for the next request of a pipeline if the last one was answered while it was read. */
  private nextBegins(): boolean {
    if (!this.nextIsDue) return false;
    this.nextIsDue = false;
    this.parser.reset();
    return true;
  }

  /** The producer has held its request back and asked for more within one call. */
  private get goesOn(): boolean {
    return !this.held && !this.exchange.over && !this.exchange.requestEnded;
  }

  private armReading(): void {
    const { timeouts } = this.engine;
    if (this.exchange.over) this.armBetweenRequests();
    else if (!this.exchange.requestEnded && !this.held) wheel.arm(this.deadline, timeouts.readMs);
    else if (!this.congested) wheel.disarm(this.deadline);
  }

  /** A head has so long from its first byte to its last: more bytes don't buy more time. */
  private armBetweenRequests(): void {
    const { timeouts } = this.engine;
    if (this.parser.idle) wheel.arm(this.deadline, timeouts.idleMs);
    else if (!this.readingHead) wheel.arm(this.deadline, timeouts.headersMs);
    this.readingHead = !this.parser.idle;
  }

  private keep(bytes: Buffer, from: number, to: number): void {
    const more = bytes.subarray(from, to);
    this.rest = this.rest.length === 0 ? Buffer.from(more) : Buffer.concat([this.rest, more]);
    this.connection.pause();
  }

  /** Goes on with what was kept. */
  private proceed(): void {
    const { rest } = this;
    this.rest = NOTHING;
    this.process(rest, 0, rest.length);
    this.engine.outbound.flush();
  }

  private discard(count: number): void {
    this.lingered += count;
    if (this.lingered > LINGER_BYTES) this.connection.destroy('done');
  }

  // -- What the parser says ----------------------------------------------------------------------------------------

  onHead(head: Head): void {
    if (head.length <= headBuffers.size) head.moveTo((this.headBuffer = headBuffers.take()), 0);
    else head.moveTo(Buffer.allocUnsafeSlow(head.length), 0);
    this.readingHead = false;
    this.keepAlive = head.keepAlive && head.versionMinor === 1 && !this.engine.draining;
    this.exchange.begin();
    // A chunk that says too much is refused before it comes.
    if (head.framing === FRAMING.CHUNKED) this.parser.allowBody(this.exchange.bounds.maxBodyBytes);
    if (this.exchange.request.hasBody && !this.exchange.over && this.exchange.requestWaits) this.pauseRequest();
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.exchange.onRequestBody(bytes, from, to);
  }

  onEnd(): void {
    this.exchange.onRequestEnd(this.parser.trailers);
  }

  onError(code: ErrorCode, detail: string): void {
    this.keepAlive = false;
    if (!this.exchange.over) {
      this.exchange.onRequestError(code, detail);
      return;
    }
    if (this.exchange.requestEnded || this.headBuffer === null) this.refuse(code, detail);
  }

  /** A request of which not even the head could be read. */
  private refuse(code: ErrorCode, detail: string): void {
    if (this.connection.closed || this.lingering) return;
    this.exchange.beginUnreadable(code, detail);
  }

  // -- What the exchange asks --------------------------------------------------------------------------------------

  pauseRequest(): void {
    if (this.held) return;
    this.held = true;
    this.parser.pause();
    this.connection.pause();
    wheel.disarm(this.deadline);
  }

  resumeRequest(): void {
    if (!this.held) return;
    this.held = false;
    if (this.feeding) return;
    this.proceed();
  }

  writeHead(): void {
    const { exchange } = this;
    if (!exchange.requestEnded && exchange.request.hasBody) this.keepAlive = false;
    if (this.engine.draining) this.keepAlive = false;
    this.bodyMode = bodyFraming(exchange.response, exchange.request.head);
    if (this.bodyMode === BODY.UNTIL_CLOSE) this.keepAlive = false;
    const out = this.engine.outbound.for(this.connection);
    // After the head that opens a tunnel nothing of HTTP follows that could be kept alive or closed.
    const opensTunnel = exchange.isTunnel && exchange.response.status < 300;
    const staysOpen = this.keepAlive || opensTunnel;
    const { ready, status, passing } = exchange.response;
    if (ready !== null && ready.status === status) writeReadyHead(out, ready, passing, staysOpen);
    else writeResponseHead(out, exchange.response, this.bodyMode, staysOpen);
  }

  writeInterim(head: Head): void {
    if (this.exchange.request.head.versionMinor === 0) return;
    writeInterimHead(this.engine.outbound.for(this.connection), head);
    this.engine.outbound.flush();
  }

  writeBody(bytes: Buffer, from: number, to: number): void {
    const { outbound } = this.engine;
    if (this.bodyMode !== BODY.CHUNKED) outbound.copy(this.connection, bytes, from, to);
    else if (to - from <= MAX_CHUNK) outbound.chunk(this.connection, bytes, from, to);
    else for (let at = from; at < to; at += MAX_CHUNK) this.writeBody(bytes, at, Math.min(to, at + MAX_CHUNK));
  }

  lendBody(bytes: Buffer, from: number, to: number): void {
    if (this.bodyMode === BODY.CHUNKED) this.writeBody(bytes, from, to);
    else this.engine.outbound.lend(this.connection, bytes, from, to);
  }

  awaitDrain(): void {
    wheel.arm(this.deadline, this.engine.timeouts.writeMs);
  }

  writeEnd(trailers: Head | null): void {
    if (this.bodyMode === BODY.CHUNKED) writeLastChunk(this.engine.outbound.for(this.connection), trailers);
  }

  abort(): void {
    this.keepAlive = false;
    this.engine.outbound.flush();
    this.connection.reset('error');
  }

  writeSwitch(head: Head): void {
    writeSwitchHead(this.engine.outbound.for(this.connection), head);
  }

  writeOwnSwitch(response: ResponseState, protocol: string): void {
    writeOwnSwitchHead(this.engine.outbound.for(this.connection), response, protocol);
    // Whoever has taken the connection over writes to it directly, maybe at once.
    this.engine.outbound.flush();
  }

  giveOver(peer: SwitchedPeer): SwitchedClient {
    const { connection, exchange } = this;
    const client = new SwitchedClient(connection, {
      peer,
      idleTimeoutMs: exchange.bounds.timeouts.tunnelIdleMs,
      onDone: (received, sent) => {
        exchange.joinEnded(received, sent);
        this.onClose();
      },
    });
    connection.handler = client;
    // What follows the request in this read is kept, as the next request would be.
    queueMicrotask(() => {
      if (connection.closed) return;
      const { rest } = this;
      this.engine.outbound.flush();
      wheel.release(this.deadline);
      this.rest = NOTHING;
      client.begin(rest, this.clientEnded);
    });
    return client;
  }

  join(upstream: Connection, firstBytes: Buffer): void {
    const { engine, connection, exchange, rest } = this;
    engine.outbound.flush();
    wheel.release(this.deadline);
    this.rest = NOTHING;
    relay(connection, upstream, {
      idleTimeoutMs: exchange.bounds.timeouts.tunnelIdleMs,
      firstFromDownstream: rest,
      firstFromUpstream: firstBytes,
      downstreamEnded: this.clientEnded,
      guard: guardOf(exchange),
      guardTimeoutMs: engine.timeouts.headersMs,
      watch: watchOf(exchange),
      onDone: ({ bytesFromDownstream, bytesFromUpstream }) => {
        exchange.joinEnded(bytesFromDownstream, bytesFromUpstream);
        this.onClose();
      },
    });
  }

  exchangeOver(): void {
    this.releaseHead();
    if (this.connection.closed) return;
    if (!this.keepAlive || !this.exchange.requestEnded) this.finish();
    else if (this.feeding) this.nextIsDue = true;
    else this.next();
  }

  private next(): void {
    this.engine.outbound.flush();
    this.held = false;
    this.parser.reset();
    if (this.rest.length > 0) this.proceed();
    else {
      wheel.arm(this.deadline, this.engine.timeouts.idleMs);
      this.connection.resume();
    }
  }

  /** Nothing more will be answered here: the last bytes go out, and what the client still sends is read and dropped. */
  private finish(): void {
    this.lingering = true;
    this.held = false;
    this.rest = NOTHING;
    this.parser.pause();
    this.engine.outbound.flush();
    this.connection.end();
    this.connection.resume();
    wheel.arm(this.deadline, this.connection.unsentBytes > 0 ? this.engine.timeouts.writeMs : LINGER_MS);
  }

  /** Stops after the running exchange. An idle connection may have a request on its way: it is given a moment to arrive. */
  drain(): void {
    if (this.isIdle) wheel.arm(this.deadline, DRAIN_IDLE_MS);
    else this.keepAlive = false;
  }

  cut(): void {
    this.connection.reset('drain');
  }

  describe(): OpenConnection {
    return openConnection(this.connection, this.exchange, this.openedAtMs);
  }

  private expired(): void {
    if (this.isIdle && this.engine.draining && !this.lingering) this.finish();
    else if (this.lingering || this.isIdle) this.connection.destroy('idle');
    else if (this.connection.congested) this.connection.reset('timeout');
    else this.onError('request_timeout', 'the request did not arrive in time');
    this.engine.outbound.flush();
  }

  private releaseHead(): void {
    if (this.headBuffer !== null) headBuffers.give(this.headBuffer);
    this.headBuffer = null;
  }
}
