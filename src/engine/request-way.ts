// The way of a request's body from its client to whoever answers, through the transforms of its route. Rule: the end is passed on
// once, after everything before it; the client is held back as long as anybody on the way holds it.
import { Buffer } from 'node:buffer';
import type { Head } from '../codec/http1/head.ts';
import type { Producer } from '../contract/exchange.ts';
import type { Policy } from '../contract/policy.ts';
import type { SluiceError } from '../core/errors.ts';
import { BodyTransforms, type BodyWay } from './body-transforms.ts';
import type { HttpExchange } from './exchange.ts';

/** Who holds the client back, as bits. */
const BY_PRODUCER = 1;
const BY_TRANSFORMS = 2;

export class RequestWay implements BodyWay {
  /** The client has sent it whole. */
  hasEnded = false;
  /** All of it has come through. */
  hasPassed = false;
  trailers: Head | null = null;
  private readonly exchange: HttpExchange;
  private transforms: BodyTransforms | null = null;
  private heldBy = 0;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
  }

  begin(hasBody: boolean): void {
    this.hasEnded = !hasBody;
    this.hasPassed = !hasBody;
    this.trailers = null;
    this.transforms = null;
    // Whoever answers is not known yet.
    this.heldBy = hasBody ? BY_PRODUCER : 0;
  }

  open(policies: readonly Required<Pick<Policy, 'requestBody'>>[]): void {
    const { exchange } = this;
    if (policies.length === 0 || this.hasPassed) return;
    this.transforms = BodyTransforms.open(policies, (policy, sink) => policy.requestBody(exchange, sink), this);
    if (this.transforms !== null && !this.transforms.keepsLength) exchange.request.forgetLength();
  }

  // -- What comes from the client ----------------------------------------------------------------------------------

  take(bytes: Uint8Array, from: number, to: number): void {
    if (this.transforms === null) this.exchange.producer?.takeBody(bytes, from, to);
    else this.transforms.write(bytes, from, to);
  }

  takeEnd(trailers: Head | null): void {
    this.hasEnded = true;
    this.trailers = trailers;
    if (this.transforms === null) this.pass();
    else this.transforms.end();
  }

  // -- What comes out of the transforms ----------------------------------------------------------------------------

  write(bytes: Uint8Array, from: number, to: number): void {
    this.exchange.producer?.takeBody(asBuffer(bytes), from, to);
    this.exchange.engine.outbound.flushSoon();
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

  /** There is somebody to take it, from where it stands. */
  leadTo(producer: Producer): void {
    // What was held back may bring the end of the request, and with it the call of takeEnd.
    if (this.hasPassed) producer.takeEnd();
    else this.resume(BY_PRODUCER);
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
    if (this.heldBy === 0 && !this.exchange.over) this.exchange.responder.resumeRequest();
  }

  private pass(): void {
    this.hasPassed = true;
    this.exchange.producer?.takeEnd();
  }

  abort(): void {
    const { transforms } = this;
    this.transforms = null;
    transforms?.abort();
  }
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
