// One request to an origin that speaks HTTP/2. Rule: it belongs to one exchange and is forgotten with it; the connection is
// its pool's.
import { FRAMING, type Head } from '../codec/http1/head.ts';
import { ResponseParser } from '../codec/http1/parser.ts';
import type { Producer } from '../contract/exchange.ts';
import type { Origin } from '../contract/target.ts';
import { SluiceError } from '../core/errors.ts';
import type { Http2ClientConnection, Http2ClientStream, Http2RequestHandler } from '../transport/http2-client.ts';
import { HTTP2_CODE } from '../codec/http2/frames.ts';
import type { FlatFields, Http2Body } from '../transport/http2-stream.ts';
import { Deadline, wheel } from '../transport/timers.ts';
import type { Engine } from './engine.ts';
import type { HttpExchange } from './exchange.ts';
import { HeldAnswer } from './held-answer.ts';
import { responseHeadOf, trailerList } from './http2-head.ts';
import { Http2HeadReader } from './http2-head-reader.ts';
import { requestList } from './request-list.ts';
import { isBetterElsewhere, mayTryAgain } from './retry-rule.ts';
import { answerLetGo, attemptFailed } from './next-attempt.ts';

export interface Http2UpstreamOwner {
  readonly engine: Engine;
  readonly origin: Origin;
  /** The server has not begun the request: it may go out again, on another connection. */
  sendAgain(exchange: HttpExchange): void;
}

export class Http2Upstream implements Producer, Http2RequestHandler {
  private readonly owner: Http2UpstreamOwner;
  private readonly engine: Engine;
  private readonly reader: Http2HeadReader;
  private readonly parser: ResponseParser;
  private readonly deadline = new Deadline(() => this.expired());
  private exchange: HttpExchange | null;
  private stream: Http2ClientStream | null = null;
  private answered = false;
  /** The answer waits for its target to tell whether it goes to the client. */
  private held: HeldAnswer | null = null;

  constructor(owner: Http2UpstreamOwner, exchange: HttpExchange) {
    this.owner = owner;
    this.engine = owner.engine;
    this.exchange = exchange;
    this.reader = new Http2HeadReader((sink) => new ResponseParser(owner.engine.limits.response, sink));
    this.parser = this.reader.parser as ResponseParser;
  }

  start(connection: Http2ClientConnection): void {
    const exchange = this.exchange!;
    const { head } = exchange.request;
    const body: Http2Body =
      head.framing === FRAMING.NONE ? 'none' : head.framing === FRAMING.CHUNKED ? 'body-and-trailers' : 'body';
    this.parser.expect(head.methodId);
    this.stream = connection.request(requestList(exchange, this.owner.origin), body, this);
    if (this.stream === null) {
      this.fail(new SluiceError('upstream_invalid', { message: 'the request cannot be sent as HTTP/2' }));
      return;
    }
    exchange.produce(this);
  }

  // -- The request -------------------------------------------------------------------------------------------------

  takeBody(bytes: Uint8Array, from: number, to: number): void {
    if (this.stream === null || this.exchange === null) return;
    if (!this.stream.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), from, to))
      this.exchange.pauseRequest();
  }

  takeEnd(): void {
    if (this.exchange === null) return;
    if (this.exchange.request.hasBody) this.stream?.end(trailerList(this.exchange.requestTrailers));
    if (this.held === null) wheel.arm(this.deadline, this.exchange.bounds.timeouts.responseMs);
  }

  resume(): void {
    this.rearm();
    this.stream?.resume();
  }

  cancel(): void {
    this.letGo(HTTP2_CODE.CANCEL);
  }

  // -- The answer --------------------------------------------------------------------------------------------------

  onInterim(fields: FlatFields): void {
    const head = this.readHead(fields, false);
    if (head !== null) this.exchange?.inform(head);
    this.rearm();
    this.engine.outbound.flush();
  }

  onHead(fields: FlatFields, ended: boolean): void {
    this.answered = true;
    const head = this.readHead(fields, !ended);
    if (head !== null) this.headCame(head);
    this.rearm();
    this.engine.outbound.flush();
  }

  private headCame(head: Head): void {
    const { exchange } = this;
    if (exchange === null) return;
    const isBetter = isBetterElsewhere(exchange, head);
    if (isBetter === true) this.letAnswerGo(exchange, head.status);
    else if (isBetter === false) exchange.responseHead(head);
    else this.holdAnswer(exchange, isBetter);
  }

  private letAnswerGo(exchange: HttpExchange, status: number): void {
    this.letGo(HTTP2_CODE.CANCEL);
    answerLetGo(exchange, status);
  }

  /** What follows its head stays where it is until it is known whether the answer is of any use. */
  private holdAnswer(exchange: HttpExchange, isBetter: Promise<boolean>): void {
    const held = new HeldAnswer(exchange);
    this.held = held;
    this.stream?.pause();
    wheel.disarm(this.deadline);
    held.wait(isBetter, (goesAgain) => {
      this.held = null;
      if (goesAgain) this.letAnswerGo(exchange, held.head.status);
      else this.release(exchange, held);
      this.engine.outbound.flush();
    });
  }

  private release(exchange: HttpExchange, { head, hasEnded }: HeldAnswer): void {
    if (hasEnded) {
      this.fail(new SluiceError('upstream_incomplete'));
      return;
    }
    exchange.responseHead(head);
    this.rearm();
    this.stream?.resume();
  }

  onData(bytes: Buffer, from: number, to: number): void {
    this.exchange?.responseBody(bytes, from, to);
    this.rearm();
    this.engine.outbound.flush();
    if (this.exchange !== null && this.exchange.mustWait()) this.waitForClient();
  }

  onEnd(trailers: FlatFields | null): void {
    const { exchange } = this;
    if (exchange === null) return;
    const isOpenEnded = this.parser.head.framing === FRAMING.CHUNKED;
    const section = isOpenEnded ? this.reader.readTrailers(trailers) : null;
    this.exchange = null;
    wheel.release(this.deadline);
    exchange.attemptAnswered();
    exchange.responseEnd(section);
    // An answer before the end of the request: the rest of it is of no use.
    if (!exchange.requestPassed) this.stream?.reset(HTTP2_CODE.NO_ERROR);
    this.engine.outbound.flush();
  }

  /** The server takes bytes again. */
  onDrain(): void {
    this.exchange?.resumeRequest();
    this.engine.outbound.flush();
  }

  onClose(): void {
    wheel.release(this.deadline);
    const { exchange } = this;
    if (this.held !== null) this.held.hasEnded = true;
    else if (exchange !== null) {
      const mayGoAgain = this.stream?.unprocessed === true && !exchange.request.hasBody && mayTryAgain(exchange);
      if (mayGoAgain) this.sendAgain(exchange);
      else this.fail(new SluiceError(this.answered ? 'upstream_incomplete' : 'upstream_reset'));
    }
    this.engine.outbound.flush();
  }

  private readHead(fields: FlatFields, hasBody: boolean): Head | null {
    const bytes = responseHeadOf(fields, hasBody);
    const fault =
      typeof bytes === 'string' ? new SluiceError('upstream_invalid', { message: bytes }) : this.reader.read(bytes);
    if (fault !== null) this.fail(fault);
    return fault === null ? this.parser.head : null;
  }

  private rearm(): void {
    if (this.exchange?.requestPassed !== true || this.held !== null) return;
    const { timeouts } = this.exchange.bounds;
    wheel.arm(this.deadline, this.answered ? timeouts.readMs : timeouts.responseMs);
  }

  private waitForClient(): void {
    wheel.disarm(this.deadline);
    this.stream?.pause();
  }

  private expired(): void {
    this.fail(new SluiceError('upstream_timeout'));
    this.engine.outbound.flush();
  }

  private sendAgain(exchange: HttpExchange): void {
    this.exchange = null;
    exchange.attempts.retried(new SluiceError('upstream_reset'));
    this.owner.sendAgain(exchange);
  }

  private fail(error: SluiceError): void {
    const { exchange } = this;
    this.letGo(HTTP2_CODE.CANCEL);
    if (exchange === null) return;
    attemptFailed(exchange, error, true);
  }

  private letGo(code: number): void {
    this.exchange = null;
    this.held?.forget();
    this.held = null;
    wheel.release(this.deadline);
    this.stream?.reset(code);
  }
}
