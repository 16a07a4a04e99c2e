// One request and its answer, from the head that was read to the last byte that was sent. It walks the phases of its route
// and stands between two sides that know nothing of each other: the responder (the client's HTTP version) and the producer
// (an upstream, or a target that answers by itself). Rule: it is reused for the next request of its connection; whoever
// waits compares `generation` before going on.
import { type Head, METHOD } from '../codec/http1/head.ts';
import type { Aside, AsideEvents, AsideRequest, AsideTarget } from '../contract/aside.ts';
import type { Answer, ClientView, EarlyBytes, Exchange, Producer } from '../contract/exchange.ts';
import type { KeptSource, ReadyAnswer } from '../contract/kept-answer.ts';
import type { ForwardTarget } from '../contract/target.ts';
import type { Connection } from '../transport/connection.ts';
import { type ErrorCode, SluiceError } from '../core/errors.ts';
import { clientLeft, leaveAlone } from './alone.ts';
import { AnswerWay } from './answer-way.ts';
import { Attempts } from './attempts.ts';
import { errorAnswer } from './error-answer.ts';
import type { Engine } from './engine.ts';
import { ExchangeBounds } from './exchange-bounds.ts';
import { KeptWay } from './kept-way.ts';
import { enter, runRequestPhases, runResponsePhases } from './phases.ts';
import type { Pool } from './pool.ts';
import type { Program, Route } from './program.ts';
import { RequestState } from './request-state.ts';
import { asBuffer, RequestWay } from './request-way.ts';
import type { Responder } from './responder.ts';
import { ResponseState } from './response-state.ts';
import { passSwitch, switchTo } from './switch-to.ts';

/** The status of an answer after which the connection speaks another protocol. */
const SWITCHED = 101;

export class HttpExchange implements Exchange {
  readonly engine: Engine;
  readonly responder: Responder;
  readonly request: RequestState;
  readonly response: ResponseState = new ResponseState();
  /** Counts the requests of this object, so that a late promise can see that its exchange is over. */
  generation = 0;
  idNumber = 0;
  startedAtMs = 0;
  /** From the head of the request to the head of the answer; -1 while there is none. */
  firstByteMs = -1;
  durationMs = 0;
  user = '';
  session = '';
  sessionTtlMs = 0;
  exit = '';
  trail = '';
  ticket = 0;
  program: Program | null = null;
  matched: Route | null = null;
  readonly bounds: ExchangeBounds;
  producer: Producer | null = null;
  readonly requestWay: RequestWay = new RequestWay(this);
  readonly answerWay: AnswerWay = new AnswerWay(this);
  readonly kept: KeptWay = new KeptWay(this);
  /** The client asked to switch protocols and we pass that on. */
  upgrades = false;
  /** Something of the answer has been handed to the client: from here on nothing can be retried or replaced. */
  committed = false;
  /** Ended, well or not. Nothing may happen any more until `begin`. */
  over = true;
  errorCode: ErrorCode | null = null;
  readonly attempts: Attempts;
  bytesReceived = 0;
  bytesSent = 0;
  /** The response phases have run, or failed: they don't run twice. */
  judged = false;
  /** They run. */
  isJudging = false;
  /** Its client has gone, and it goes on for the sake of a policy. */
  isAlone = false;
  /** What its client was told, or would have been. */
  statusOnLeaving = 0;

  constructor(engine: Engine, responder: Responder, head: Head, isHttp2: boolean) {
    this.engine = engine;
    this.responder = responder;
    this.bounds = new ExchangeBounds(this);
    this.attempts = new Attempts(engine.traffic);
    this.request = new RequestState(head, isHttp2);
  }

  get id(): string {
    return this.engine.ids.text(this.idNumber);
  }

  get client(): ClientView {
    return this.responder;
  }

  get door(): string {
    return this.engine.traffic.door;
  }

  get route(): string {
    return this.matched === null ? '' : this.matched.name;
  }

  /** The request's body has been received whole. */
  get requestEnded(): boolean {
    return this.requestWay.hasEnded;
  }

  /** Nobody takes the request's body yet. */
  get requestWaits(): boolean {
    return this.producer === null && !this.requestWay.isReadEarly;
  }

  /** It has come whole to whoever answers. */
  get requestPassed(): boolean {
    return this.requestWay.hasPassed;
  }

  get requestTrailers(): Head | null {
    return this.requestWay.trailers;
  }

  // -- Called by the responder -------------------------------------------------------------------------------------

  /** The request's head is complete and lies where it stays until the exchange is over. */
  begin(): void {
    this.start();
    try {
      enter(this);
    } catch (cause) {
      this.fault(cause);
    }
  }

  /** Its client has been joined with an upstream: nothing of HTTP follows. */
  get isJoined(): boolean {
    return this.committed && this.producer === null && (this.isTunnel || this.response.status === SWITCHED);
  }

  /** The client asks for a connection, not for an answer. */
  get isTunnel(): boolean {
    return this.request.head.methodId === METHOD.CONNECT;
  }

  /** A request of ours beside the exchange `parent`, which goes by the same id. */
  beginAside(route: Route, parent: HttpExchange): void {
    this.start();
    this.idNumber = parent.idNumber;
    this.user = parent.user;
    this.matched = route;
    this.bounds.of(route);
    try {
      runRequestPhases(this, 0);
    } catch (cause) {
      this.fault(cause);
    }
  }

  /** Not even the head could be read: it is answered, counted and logged all the same. */
  beginUnreadable(code: ErrorCode, detail: string): void {
    this.start();
    this.engine.traffic.began(this);
    this.onRequestError(code, detail);
  }

  private start(): void {
    const { engine, request } = this;
    this.generation++;
    this.idNumber = engine.ids.next();
    this.startedAtMs = performance.now();
    this.firstByteMs = -1;
    this.user = '';
    this.session = '';
    this.sessionTtlMs = 0;
    this.exit = '';
    this.trail = '';
    this.ticket = 0;
    this.program = engine.program;
    this.program.running++;
    this.matched = null;
    this.bounds.begin();
    this.producer = null;
    this.committed = false;
    this.judged = false;
    this.isJudging = false;
    this.isAlone = false;
    this.over = false;
    this.errorCode = null;
    this.attempts.reset();
    this.bytesReceived = 0;
    this.bytesSent = 0;
    this.response.reset();
    request.begin();
    this.requestWay.begin(request.hasBody);
    this.answerWay.begin();
    this.upgrades = request.wantsUpgrade;
  }

  onRequestBody(bytes: Uint8Array, from: number, to: number): void {
    this.bytesReceived += to - from;
    if (this.over || !this.bounds.allowBody(this.bytesReceived)) return;
    try {
      this.requestWay.take(bytes, from, to);
    } catch (cause) {
      this.fault(cause);
    }
  }

  onRequestEnd(trailers: Head | null): void {
    if (this.requestEnded) return;
    try {
      this.requestWay.takeEnd(trailers);
    } catch (cause) {
      this.fault(cause);
    }
  }

  /** The request stopped being valid, or did not come in time. */
  onRequestError(code: ErrorCode, detail: string): void {
    if (!this.over) this.giveUp(new SluiceError(code, { message: detail }));
  }

  onClientDrain(): void {
    if (!this.over) this.answerWay.clientDrained();
  }

  onClientGone(): void {
    if (!this.over) clientLeft(this);
  }

  // -- For the phases of the request -------------------------------------------------------------------------------

  /** Policies that want the body get it on its way to the target. */
  openRequestTransform(): void {
    this.requestWay.open(this.matched!.requestBody);
  }

  // -- Called by producers, policies and targets -------------------------------------------------------------------

  aside(target: AsideTarget, request: AsideRequest, events: AsideEvents): Aside {
    return this.engine.aside(this, { to: target as ForwardTarget, request, events });
  }

  askAgain(request: AsideRequest, events: AsideEvents): Aside {
    return this.engine.aside(this, { to: this.matched!.inner ?? this.matched!, request, events });
  }

  readBody(most: number, isEnough: (soFar: Uint8Array) => boolean = () => false): Promise<EarlyBytes> {
    return this.requestWay.readEarly({ most, isEnough });
  }

  produce(producer: Producer): void {
    if (this.over) return;
    this.producer = producer;
    this.requestWay.leadTo(producer);
  }

  giveReady(ready: ReadyAnswer, passing: string): void {
    this.kept.giveReady(ready, passing);
  }

  give(answer: Answer): void {
    this.kept.give(answer);
  }

  giveFrom(answer: Omit<Answer, 'body'>, length: number, source: KeptSource): void {
    this.kept.giveFrom(answer, length, source);
  }

  answer(answer: Answer): void {
    if (this.isAnswered || this.over) return;
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
    this.makeHead(answer, body === undefined ? 0 : body.length);
    if (body !== undefined && body.length > 0) this.responseBody(body, 0, body.length);
    this.responseEnd(null);
  }

  fail(code: ErrorCode, message?: string): void {
    this.giveUp(new SluiceError(code, message === undefined ? {} : { message }));
  }

  respond(answer: Omit<Answer, 'body'>, length: number): void {
    if (this.isAnswered || this.over) return;
    this.makeHead(answer, length);
    this.kept.beginSoon();
    // The first piece of the body goes along if it is there by then.
    this.engine.outbound.flushSoon();
  }

  write(bytes: Uint8Array, from: number, to: number): boolean {
    this.responseBody(bytes, from, to);
    this.engine.outbound.flush();
    return !this.mustWait();
  }

  /** Whether the producer has to wait for `resume` before it goes on with the answer. */
  mustWait(): boolean {
    return this.answerWay.mustWait();
  }

  end(trailers: Head | null = null): void {
    this.responseEnd(trailers);
  }

  abort(error: SluiceError): void {
    if (!this.over && !this.kept.isInCharge) this.fault(error);
  }

  pauseRequest(): void {
    this.requestWay.pauseForProducer();
  }

  resumeRequest(): void {
    this.requestWay.resumeForProducer();
  }

  attemptBegins(pool: Pool): void {
    this.attempts.begin(pool);
  }

  attemptAnswered(): void {
    this.attempts.answered(this.response.status);
  }

  /** It may still be replaced by an error as long as it is not committed. */
  get isAnswered(): boolean {
    return this.committed || this.answerWay.holdsHead;
  }

  // -- The answer --------------------------------------------------------------------------------------------------

  /** A 1xx answer that another one follows. */
  inform(head: Head): void {
    const { status, count } = head;
    const isKnown =
      (status === 100 && this.requestWay.wasAskedFor) || (status === 102 && count === 0 && this.bounds.hidesProgress);
    if (!this.committed && !this.over && !isKnown) this.responder.writeInterim(head);
  }

  /** An upstream has switched protocols: the bytes of both sides are nobody's business from here on. */
  upgrade(head: Head, upstream: Connection, firstBytes: Buffer): void {
    if (this.over) upstream.destroy('done');
    else passSwitch(this, head, () => this.responder.join(upstream, firstBytes));
  }

  switchTo(...given: Parameters<Exchange['switchTo']>): ReturnType<Exchange['switchTo']> {
    return switchTo(this, given);
  }

  /** The connection that the client asked for stands. */
  joinTunnel(upstream: Connection, firstBytes: Buffer): void {
    this.bounds.end();
    this.producer = null;
    this.response.make({ status: 200 }, -1, METHOD.CONNECT);
    this.commit();
    if (this.over) upstream.destroy('done');
    else this.responder.join(upstream, firstBytes);
  }

  /** The joined connections have ended. */
  joinEnded(bytesReceived: number, bytesSent: number): void {
    this.bytesReceived += bytesReceived;
    this.bytesSent += bytesSent;
    this.attemptAnswered();
    this.finish();
  }

  /** An upstream's answer has begun. */
  responseHead(head: Head): void {
    if (this.isAnswered || this.over) return;
    this.attempts.headCame(head.status);
    this.response.begin(head);
    this.commit();
    if (this.kept.isDue && this.producer === null) this.kept.begin();
  }

  responseBody(bytes: Uint8Array, from: number, to: number): void {
    if (!this.over && this.response.hasBody && !this.kept.isInCharge) this.passBody(bytes, from, to);
  }

  responseEnd(trailers: Head | null): void {
    if (this.kept.isInCharge) this.kept.begin();
    else this.passEnd(trailers);
  }

  /** `isLent`: the bytes never change. */
  passBody(bytes: Uint8Array, from: number, to: number, isLent = false): void {
    if (this.over) return;
    try {
      this.answerWay.take(bytes, from, to, isLent);
    } catch (cause) {
      this.fault(cause);
    }
  }

  passEnd(trailers: Head | null): void {
    if (this.over) return;
    try {
      this.answerWay.takeEnd(trailers);
    } catch (cause) {
      this.fault(cause);
    }
  }

  /** All of it has come through. */
  completeAnswer(trailers: Head | null): void {
    if (!this.committed || !(this.isAlone || this.response.isWhole(this.bytesSent))) {
      return this.fault(new SluiceError('internal', { message: 'the answer ended before it was complete' }));
    }
    if (!this.isAlone) this.responder.writeEnd(trailers);
    this.finish();
  }

  private makeHead(answer: Omit<Answer, 'body'>, length: number): void {
    this.response.make(answer, length, this.request.head.methodId);
    this.commit();
  }

  commit(): void {
    try {
      if (this.matched !== null && !this.judged) runResponsePhases(this, this.matched);
    } catch (cause) {
      this.fault(cause);
    }
    if (!this.answerWay.holdsHead) this.sendHead();
  }

  sendHead(): void {
    if (this.committed || this.over) return;
    this.committed = true;
    this.requestWay.dropCopy();
    this.firstByteMs = performance.now() - this.startedAtMs;
    if (!this.isAlone) this.responder.writeHead();
  }

  sendBody(bytes: Uint8Array, from: number, to: number, isLent: boolean): void {
    if (this.isAlone) return;
    const total = this.bytesSent + to - from;
    if (this.response.isExceeded(total)) {
      throw new SluiceError('internal', { message: 'the answer is longer than it announced' });
    }
    this.bytesSent = total;
    if (isLent) this.responder.lendBody(asBuffer(bytes), from, to);
    else this.responder.writeBody(asBuffer(bytes), from, to);
  }

  // -- The end -----------------------------------------------------------------------------------------------------

  /** Answers with the error while that is possible, else cuts the answer so that the client notices. */
  giveUp(error: SluiceError): void {
    if (this.over) return;
    this.cancelProducer(error);
    if (this.over) return;
    if (this.committed) {
      this.responder.abort();
      return this.finish();
    }
    // What takes the place of an answer that was held back is seen by the policies as any other is.
    if (this.answerWay.holdsHead && !this.response.isOurs) this.judged = false;
    this.dropTransforms();
    this.kept.reset();
    this.answer(errorAnswer(error, this.id, this.engine.pseudonym, this.matched?.errorShape));
  }

  /** What a policy or a target has thrown ends this exchange and no other. */
  fault(cause: unknown): void {
    const error = cause instanceof SluiceError ? cause : new SluiceError('internal', { cause });
    if (error.code === 'internal') this.engine.onFault(error.cause ?? error);
    this.giveUp(error);
  }

  cancelProducer(error: SluiceError): void {
    const { producer } = this;
    this.errorCode ??= error.code;
    this.producer = null;
    this.attempts.abandon(this.committed ? this.response.status : 0, this.errorCode);
    if (producer !== null) this.tolerate(() => producer.cancel(error));
  }

  private dropTransforms(): void {
    try {
      this.requestWay.abort();
      this.answerWay.abort();
    } catch (cause) {
      this.engine.onFault(cause);
    }
  }

  /** At the end of an exchange a fault changes nothing any more. */
  tolerate<T>(last: () => T): T | undefined {
    try {
      return last();
    } catch (cause) {
      this.engine.onFault(cause);
      return undefined;
    }
  }

  finish(): void {
    this.over = true;
    this.kept.reset();
    if (this.isAlone) leaveAlone(this);
    this.bounds.end();
    this.dropTransforms();
    this.producer = null;
    if (this.attempts.promisedBy !== null) this.tolerate(() => this.attempts.leave(this));
    this.attempts.abandon(0);
    this.engine.traffic.ended(this);
    if (this.matched !== null) for (const policy of this.matched.done) this.tolerate(() => policy.done(this));
    this.program!.left();
    this.program = null;
    this.responder.exchangeOver();
  }
}
