// The way of a request's body from its client to whoever answers, through the transforms of its route. Rule: the end is passed on
// once, after everything before it; the client is held back as long as anybody on the way holds it.
import { Buffer } from 'node:buffer';
import { Head } from '../codec/http1/head.ts';
import type { EarlyBytes, Producer } from '../contract/exchange.ts';
import type { Policy } from '../contract/policy.ts';
import { SluiceError } from '../core/errors.ts';
import { BodyCopy } from './body-copy.ts';
import { BodyTransforms, type BodyWay } from './body-transforms.ts';
import { type EarlyAsk, EarlyBody } from './early-body.ts';
import type { HttpExchange } from './exchange.ts';

/** Who holds the client back, as bits. */
const BY_PRODUCER = 1;
const BY_TRANSFORMS = 2;

/** The answer to `Expect: 100-continue` where somebody here wants the body; an upstream gives its own. */
const CONTINUE = Object.assign(new Head(), { status: 100 });

const TOO_MUCH = 'more of the body came between two attempts than is kept';

export class RequestWay implements BodyWay {
  /** The client has sent it whole. */
  hasEnded = false;
  /** All of it has come through. */
  hasPassed = false;
  trailers: Head | null = null;
  /** The client was told to send it, so nobody needs to tell it once more. */
  wasAskedFor = false;
  /** What policies have looked at and is not on its way yet. */
  private early: EarlyBody | null = null;
  /** What has come through, where it may have to be sent again. */
  private copy: BodyCopy | null = null;
  private readonly exchange: HttpExchange;
  private transforms: BodyTransforms | null = null;
  /** Targets hold back by `pauseRequest`. */
  readonly isFull = false;
  private heldBy = 0;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
  }

  begin(hasBody: boolean): void {
    this.hasEnded = !hasBody;
    this.hasPassed = !hasBody;
    this.trailers = null;
    this.transforms = null;
    this.early = null;
    this.wasAskedFor = false;
    this.copy = null;
    // Whoever answers is not known yet.
    this.heldBy = hasBody ? BY_PRODUCER : 0;
  }

  open(policies: readonly Required<Pick<Policy, 'requestBody'>>[]): void {
    const { exchange } = this;
    if (policies.length === 0 || this.hasPassed) return;
    this.transforms = BodyTransforms.open(policies, (policy, sink) => policy.requestBody(exchange, sink), this);
    if (this.transforms !== null && !this.transforms.keepsLength) exchange.request.forgetLength();
  }

  // -- What policies look at -----------------------------------------------------------------------------------------

  /** Somebody reads it before it is known who answers: the client is not held back meanwhile. */
  get isReadEarly(): boolean {
    return this.early !== null && this.early.isAwaited;
  }

  readEarly(ask: EarlyAsk): Promise<EarlyBytes> {
    const { request } = this.exchange;
    if (this.hasPassed) return Promise.resolve({ bytes: new Uint8Array(0), isWhole: true });
    this.early ??= new EarlyBody(request.head.contentLength);
    const bytes = this.early.wait(ask);
    this.early.judge(this.hasEnded);
    if (this.isReadEarly) {
      this.askFor(request.head);
      this.resume(BY_PRODUCER);
    }
    return bytes;
  }

  private askFor({ expectContinue }: Head): void {
    if (!expectContinue || this.wasAskedFor) return;
    this.wasAskedFor = true;
    this.exchange.responder.writeInterim(CONTINUE);
  }

  private holdIfEnough(): void {
    if (!this.isReadEarly) this.pause(BY_PRODUCER);
  }

  // -- What comes from the client ----------------------------------------------------------------------------------

  take(bytes: Uint8Array, from: number, to: number): void {
    if (this.early === null) this.passOn(bytes, from, to);
    else {
      this.early.add(bytes, from, to);
      this.holdIfEnough();
    }
  }

  private passOn(bytes: Uint8Array, from: number, to: number): void {
    if (this.transforms === null) this.give(bytes, from, to);
    else this.transforms.write(bytes, from, to);
  }

  takeEnd(trailers: Head | null): void {
    this.hasEnded = true;
    this.trailers = trailers;
    if (this.early === null) this.passEnd();
    else {
      this.early.judge(true);
      this.heldBy |= BY_PRODUCER;
    }
  }

  private passEnd(): void {
    if (this.transforms === null) this.pass();
    else this.transforms.end();
  }

  // -- What comes out of the transforms ----------------------------------------------------------------------------

  write(bytes: Uint8Array, from: number, to: number): void {
    this.give(asBuffer(bytes), from, to);
    this.exchange.engine.outbound.flushSoon();
  }

  private give(bytes: Uint8Array, from: number, to: number): void {
    const { copy, exchange } = this;
    copy?.add(bytes, from, to);
    if (exchange.producer !== null) exchange.producer.takeBody(bytes, from, to);
    else if (copy !== null && !copy.isWhole)
      exchange.giveUp(new SluiceError('upstream_unavailable', { message: TOO_MUCH }));
  }

  end(): void {
    this.transforms = null;
    this.pass();
    this.exchange.engine.outbound.flushSoon();
  }

  hold(): void {
    this.pause(BY_TRANSFORMS);
  }

  release(): void {
    this.resume(BY_TRANSFORMS);
  }

  giveUp(error: SluiceError): void {
    this.exchange.giveUp(error);
    this.exchange.engine.outbound.flushSoon();
  }

  fault(cause: unknown): void {
    this.exchange.fault(cause);
  }

  // -- Who takes it ------------------------------------------------------------------------------------------------

  /** What goes out from here on is kept, up to so many bytes. */
  keep(maxBytes: number): void {
    const fits = this.exchange.request.head.contentLength <= maxBytes;
    if (fits && this.copy === null && !this.hasPassed) this.copy = new BodyCopy(maxBytes);
  }

  /** Nobody will ask for it again. */
  dropCopy(): void {
    this.copy = null;
  }

  /** Everything that somebody was given, which may be nothing, can be given to somebody else. */
  get isStillThere(): boolean {
    return !this.exchange.request.hasBody || (this.copy !== null && this.copy.isWhole);
  }

  /** There is somebody to take it, from the beginning if it was kept, else from where it stands. */
  leadTo(producer: Producer): void {
    const { matched, request } = this.exchange;
    const { target } = matched ?? {};
    if (!this.hasEnded && target?.kind === 'answer' && target.asksForBodies !== true) this.askFor(request.head);
    this.heldBy &= ~BY_PRODUCER;
    this.copy?.replay((bytes, from, to) => producer.takeBody(bytes, from, to));
    // What was held back may bring the end of the request, and with it the call of takeEnd.
    if (this.hasPassed) producer.takeEnd();
    else this.goOn();
  }

  pauseForProducer(): void {
    this.pause(BY_PRODUCER);
  }

  resumeForProducer(): void {
    this.resume(BY_PRODUCER);
  }

  private pause(who: number): void {
    this.heldBy |= who;
    if (!this.hasEnded) this.exchange.responder.pauseRequest();
  }

  private resume(who: number): void {
    this.heldBy &= ~who;
    this.goOn();
  }

  private goOn(): void {
    if (this.heldBy !== 0 || this.exchange.over) return;
    if (this.early === null || this.early.isAwaited) this.exchange.responder.resumeRequest();
    else this.passEarly(this.early);
  }

  /** What was looked at goes on its way, as fast as whoever answers takes it; then comes the rest. */
  private passEarly(early: EarlyBody): void {
    while (early.hasMore && this.heldBy === 0 && this.early === early) {
      early.pass((bytes, from, to) => this.passOn(bytes, from, to));
    }
    this.exchange.engine.outbound.flushSoon();
    if (this.early !== early || this.heldBy !== 0) return;
    this.early = null;
    if (this.hasEnded) this.passEnd();
    else this.exchange.responder.resumeRequest();
  }

  private pass(): void {
    this.hasPassed = true;
    this.exchange.producer?.takeEnd();
  }

  abort(): void {
    const { transforms } = this;
    this.transforms = null;
    this.early = null;
    transforms?.abort();
  }
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
