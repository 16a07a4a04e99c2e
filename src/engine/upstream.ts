// One connection to an HTTP/1.1 origin: sends the request of one exchange at a time and reads its answer.
// Rule: it goes back to its pool only when request and answer were both complete and not a byte is left over.
import { FIELD, FRAMING, type Head } from '../codec/http1/head.ts';
import { type MessageSink, ResponseParser } from '../codec/http1/parser.ts';
import type { Producer } from '../contract/exchange.ts';
import type { Origin, ProxyAuth } from '../contract/target.ts';
import { type ErrorCode, SluiceError } from '../core/errors.ts';
import type { CloseReason, Connection, ConnectionHandler } from '../transport/connection.ts';
import { Deadline, wheel } from '../transport/timers.ts';
import { writeLastChunk } from './chunk-writer.ts';
import type { HttpExchange } from './exchange.ts';
import { HeldAnswer } from './held-answer.ts';
import type { OriginPool } from './origin-pool.ts';
import { writeRequestHead } from './request-writer.ts';
import { isBetterElsewhere, mayTryAgain } from './retry-rule.ts';
import { answerLetGo, attemptFailed } from './next-attempt.ts';

/** Shorter than what servers commonly keep idle connections for (nginx 75 s, Apache 5 s and Node 5 s say so in Keep-Alive). */
const IDLE_MS = 55_000;
/** What we stay below a server's own announcement, so that it does not close while we send. */
const IDLE_MARGIN_MS = 1000;
/** A server that closes behind an answer does so at once. */
const STAYED_MS = 200;
/** Kept for a proxy that may ask for credentials behind a body. What forms and calls of APIs stay below. */
const AUTH_BODY_BYTES = 64 * 1024;

export class Upstream implements ConnectionHandler, MessageSink, Producer {
  readonly connection: Connection;
  /** When its server promises to keep it open no longer, in milliseconds of idleness. */
  private idleMs = IDLE_MS;
  private readonly pool: OriginPool;
  private readonly parser: ResponseParser;
  private readonly deadline = new Deadline(() => this.expired());
  private exchange: HttpExchange | null = null;
  /** How often it has waited in the pool. */
  private uses = 0;
  private idleSinceMs = 0;
  private isChunked = false;
  private requestSent = false;
  /** Bytes of the running answer have been seen. */
  private answered = false;
  /** The answer's head has come whole. */
  private headCame = false;
  private reusable = false;
  private ended = false;
  /** The answer only asked for credentials: its body is dropped, and the request goes out again. */
  private asksAgain = false;
  /** The answer waits for its target to tell whether it goes to the client. */
  private held: HeldAnswer | null = null;
  private readonly auth: ProxyAuth | null;

  constructor(pool: OriginPool, connection: Connection, auth: ProxyAuth | null = null) {
    this.pool = pool;
    this.connection = connection;
    this.auth = auth;
    this.parser = new ResponseParser(pool.engine.limits.response, this);
  }

  /** It has carried an exchange after it had been idle. */
  get wasKept(): boolean {
    return this.uses > 1;
  }

  /** It has been idle for so long that its server means to keep it open. */
  get hasStayed(): boolean {
    return wheel.now() - this.idleSinceMs >= STAYED_MS;
  }

  /** Begins an exchange on an idle connection. */
  start(exchange: HttpExchange): void {
    const { request } = exchange;
    this.exchange = exchange;
    this.parser.expect(request.head.methodId);
    this.isChunked = request.head.framing === FRAMING.CHUNKED;
    this.requestSent = false;
    this.answered = false;
    this.headCame = false;
    this.reusable = false;
    this.ended = false;
    const { origin, engine } = this.pool;
    const authorization = this.auth === null ? null : this.auth.authorize(request.method, request.target);
    writeRequestHead(engine.outbound.for(this.connection), exchange, origin, authorization);
    wheel.disarm(this.deadline);
    if (this.auth !== null) exchange.requestWay.keep(AUTH_BODY_BYTES);
    exchange.produce(this);
  }

  // -- The request -------------------------------------------------------------------------------------------------

  takeBody(bytes: Buffer, from: number, to: number): void {
    if (this.exchange === null || this.connection.closed) return;
    const { outbound } = this.pool.engine;
    if (this.isChunked) outbound.chunk(this.connection, bytes, from, to);
    else outbound.for(this.connection).copy(bytes, from, to);
    if (!this.connection.congested) return;
    wheel.arm(this.deadline, this.exchange.bounds.timeouts.writeMs);
    this.exchange.pauseRequest();
  }

  takeEnd(): void {
    if (this.exchange === null) return;
    if (this.isChunked) writeLastChunk(this.pool.engine.outbound.for(this.connection), this.exchange.requestTrailers);
    this.requestSent = true;
    this.awaitAnswer(this.exchange);
  }

  cancel(): void {
    this.letGo('done');
  }

  /** The client takes bytes again. */
  resume(): void {
    if (this.exchange === null) return;
    wheel.arm(this.deadline, this.exchange.bounds.timeouts.readMs);
    this.connection.resume();
  }

  /** Its head is due; once that is there, its bytes are. */
  private awaitAnswer({ bounds: { timeouts } }: HttpExchange): void {
    if (this.held !== null) return;
    wheel.arm(this.deadline, this.headCame ? timeouts.readMs : timeouts.responseMs);
  }

  // -- The answer --------------------------------------------------------------------------------------------------

  onHead(head: Head): void {
    const { exchange } = this;
    if (exchange === null) return;
    if (head.status === 101) {
      if (!exchange.upgrades) this.onError('upstream_invalid', 'the server switched protocols without being asked');
      else if (!this.requestSent) this.onError('upstream_invalid', 'the server switched protocols within the request');
      return;
    }
    if (head.status < 200) {
      exchange.inform(head);
      // It is at work and says so.
      if (this.requestSent) this.awaitAnswer(exchange);
      return;
    }
    this.headCame = true;
    const isBetter = isBetterElsewhere(exchange, head);
    if (isBetter === true) this.letAnswerGo(exchange, head.status);
    else if (isBetter === false) this.takeAnswer(exchange, head);
    else this.holdAnswer(exchange, isBetter);
  }

  private takeAnswer(exchange: HttpExchange, head: Head): void {
    const { origin } = this.pool;
    this.reusable = origin.proxyProtocol === null && head.keepAlive && head.framing !== FRAMING.UNTIL_CLOSE;
    if (this.reusable) this.readKeepAlive(head);
    if (head.status === 407 && origin.isProxy) {
      this.challenged(head, exchange);
      return;
    }
    if (this.auth !== null) this.auth.accepted();
    exchange.responseHead(head);
  }

  private letAnswerGo(exchange: HttpExchange, status: number): void {
    this.exchange = null;
    this.letGo('error');
    answerLetGo(exchange, status);
  }

  /** What follows its head stays where it is until it is known whether the answer is of any use. */
  private holdAnswer(exchange: HttpExchange, isBetter: Promise<boolean>): void {
    const held = new HeldAnswer(exchange);
    this.held = held;
    this.parser.pause();
    this.connection.pause();
    wheel.disarm(this.deadline);
    held.wait(isBetter, (goesAgain) => {
      this.held = null;
      if (goesAgain) this.letAnswerGo(exchange, held.head.status);
      else this.release(exchange, held);
      this.pool.engine.outbound.flush();
    });
  }

  private release(exchange: HttpExchange, { head, rest, hasEnded }: HeldAnswer): void {
    this.takeAnswer(exchange, head);
    // It takes nothing more, whatever it has announced.
    if (hasEnded) this.reusable = false;
    this.connection.resume();
    this.onData(rest, 0, rest.length);
    if (hasEnded && this.exchange !== null) this.onHalfClose();
    // Nobody else will: it has said already that it has closed.
    if (this.connection.closed) wheel.release(this.deadline);
  }

  /** A proxy wants to know who asks: that is between it and us, and never the client's business. */
  private challenged(head: Head, exchange: HttpExchange): void {
    const values: string[] = [];
    for (let at = head.find(FIELD.PROXY_AUTHENTICATE); at >= 0; at = head.find(FIELD.PROXY_AUTHENTICATE, at + 1)) {
      values.push(head.value(at));
    }
    const mayHelp = this.auth !== null && this.auth.challenge(values);
    // It has not passed the request on: only a body that is gone already stands in the way of sending it again.
    this.asksAgain = mayHelp && exchange.requestWay.isStillThere;
    if (!this.asksAgain) this.failAttempt(refusalBy(this.pool.origin, mayHelp));
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    if (!this.asksAgain) this.exchange?.responseBody(bytes, from, to);
  }

  onEnd(): void {
    this.ended = true;
  }

  onError(code: ErrorCode, detail: string): void {
    this.fail(new SluiceError(code, { message: detail }));
  }

  /** What the server says in `Keep-Alive: timeout=5` bounds how long the connection may wait in the pool. */
  private readKeepAlive(head: Head): void {
    const index = head.find(FIELD.KEEP_ALIVE);
    if (index < 0) return;
    const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(head.value(index))?.[1];
    if (seconds !== undefined) this.idleMs = Math.min(IDLE_MS, Math.max(0, Number(seconds) * 1000 - IDLE_MARGIN_MS));
  }

  // -- What the connection says ------------------------------------------------------------------------------------

  onData(bytes: Buffer, from: number, to: number): void {
    const { exchange, pool } = this;
    if (exchange === null) {
      // Bytes without a request are no answer to anything (RFC 9112, 9.2).
      this.letGo('done');
      return;
    }
    this.answered = true;
    const at = this.held === null ? this.parser.feed(bytes, from, to) : from;
    if (this.held !== null) this.held.keep(bytes, at, to);
    else if (this.parser.upgraded && this.exchange !== null) this.switchProtocols(bytes, at, to);
    else if (this.ended) this.complete(at === to);
    else if (this.headCame && this.requestSent && this.exchange !== null) this.awaitAnswer(exchange);
    pool.engine.outbound.flush();
    if (this.exchange !== null && this.exchange.mustWait()) this.waitForClient();
  }

  onHalfClose(): void {
    if (this.exchange === null) {
      this.letGo('eof');
      return;
    }
    if (this.held !== null) {
      this.held.hasEnded = true;
      return;
    }
    if (this.parser.idle) this.fail(new SluiceError('upstream_reset'));
    else this.parser.finish();
    if (this.ended) this.complete(false);
    this.pool.engine.outbound.flush();
  }

  onDrain(): void {
    if (this.exchange === null) return;
    if (this.requestSent) this.awaitAnswer(this.exchange);
    else wheel.disarm(this.deadline);
    this.exchange.resumeRequest();
    this.pool.engine.outbound.flush();
  }

  onClose(_reason: CloseReason): void {
    wheel.release(this.deadline);
    this.pool.removed(this);
    if (this.held !== null) this.held.hasEnded = true;
    else if (this.exchange !== null)
      this.fail(new SluiceError(this.answered ? 'upstream_incomplete' : 'upstream_reset'));
    this.pool.engine.outbound.flush();
  }

  private waitForClient(): void {
    wheel.disarm(this.deadline);
    this.connection.pause();
  }

  private expired(): void {
    if (this.exchange === null) this.letGo('idle');
    else this.fail(new SluiceError('upstream_timeout'));
    this.pool.engine.outbound.flush();
  }

  // -- The end of an exchange --------------------------------------------------------------------------------------

  private complete(nothingLeft: boolean): void {
    const exchange = this.exchange!;
    const { trailers } = this.parser;
    if (this.asksAgain) {
      this.askAgain(exchange, nothingLeft);
      return;
    }
    this.exchange = null;
    // From here on this connection may carry another exchange.
    exchange.producer = null;
    exchange.attemptAnswered();
    if (this.reusable && this.requestSent && nothingLeft && !this.connection.closed) this.goIdle();
    else this.letGo('done');
    exchange.responseEnd(trailers);
  }

  private askAgain(exchange: HttpExchange, nothingLeft: boolean): void {
    this.asksAgain = false;
    if (!exchange.requestWay.isStillThere) {
      this.failAttempt(refusalBy(this.pool.origin, true));
      return;
    }
    if (this.reusable && this.requestSent && nothingLeft && !this.connection.closed) {
      this.parser.reset();
      this.start(exchange);
      return;
    }
    // What the client sends meanwhile waits for the next connection.
    exchange.pauseRequest();
    this.letGo('done');
    exchange.attempts.retried(new SluiceError('hop_auth_failed'));
    this.pool.sendFresh(exchange);
  }

  /** Waits for its next exchange, or its first one when it came too late for the one that it was made for. */
  goIdle(): void {
    this.uses++;
    this.idleSinceMs = wheel.now();
    this.parser.reset();
    this.connection.resume();
    if (this.idleMs === 0) this.letGo('idle');
    else {
      wheel.arm(this.deadline, this.idleMs);
      this.pool.idled(this);
    }
  }

  /** The running exchange gets an error, or a second try where that is safe. */
  private fail(error: SluiceError): void {
    const { exchange } = this;
    const isStale = this.uses > 0 && !this.answered && error.code === 'upstream_reset';
    if (exchange === null || !isStale || !mayTryAgain(exchange)) {
      this.failAttempt(error);
      return;
    }
    this.exchange = null;
    this.letGo('error');
    exchange.attempts.retried(error);
    this.pool.wentStale();
    this.pool.sendFresh(exchange);
  }

  private failAttempt(error: SluiceError): void {
    const { exchange } = this;
    this.exchange = null;
    this.letGo('error');
    if (exchange !== null) attemptFailed(exchange, error, true);
  }

  private letGo(reason: CloseReason): void {
    this.exchange = null;
    this.held?.forget();
    this.held = null;
    this.parser.pause();
    this.connection.destroy(reason);
  }

  private switchProtocols(bytes: Buffer, from: number, to: number): void {
    const exchange = this.exchange!;
    this.exchange = null;
    wheel.release(this.deadline);
    this.pool.removed(this);
    exchange.upgrade(this.parser.head, this.connection, Buffer.from(bytes.subarray(from, to)));
  }
}

/** The same request would fare better if it could be sent again: then nobody is to blame, and the client may do so. */
function refusalBy({ name }: Origin, mayHelp: boolean): SluiceError {
  if (!mayHelp) {
    return new SluiceError('hop_auth_failed', { message: `the proxy ${name} does not accept our credentials` });
  }
  const message = `the proxy ${name} asks for our credentials anew, and the body of the request has gone by`;
  return new SluiceError('upstream_unavailable', { message });
}
