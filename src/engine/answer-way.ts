// The way of an answer's body from whoever answers to the client, through the transforms of its route. Rule: while a transform
// holds the head back nothing has been said yet, and an error can still become an answer.
import type { Head } from '../codec/http1/head.ts';
import type { Policy } from '../contract/policy.ts';
import type { SluiceError } from '../core/errors.ts';
import { BodyTransforms, type BodyWay } from './body-transforms.ts';
import type { HttpExchange } from './exchange.ts';
import { ownCopy } from './own-copy.ts';

export class AnswerWay implements BodyWay {
  /** The answer has begun, and a transform lets nothing of it go yet. */
  holdsHead = false;
  private readonly exchange: HttpExchange;
  private transforms: BodyTransforms | null = null;
  private held = false;
  /** The producer waits because it was held. */
  private isAwaited = false;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
  }

  begin(): void {
    this.holdsHead = false;
    this.held = false;
    this.isAwaited = false;
  }

  open(policies: readonly Required<Pick<Policy, 'responseBody'>>[]): void {
    const { exchange } = this;
    this.transforms = BodyTransforms.open(policies, (policy, sink) => policy.responseBody(exchange, sink), this);
    if (this.transforms === null) return;
    exchange.response.keepHead();
    this.holdsHead = this.transforms.holdsHead;
    if (!this.transforms.keepsLength) exchange.response.forgetLength();
  }

  // -- What comes from whoever answers -----------------------------------------------------------------------------

  /** `isLent`: the bytes never change. */
  take(bytes: Uint8Array, from: number, to: number, isLent: boolean): void {
    if (this.transforms === null) this.exchange.sendBody(bytes, from, to, isLent);
    else this.transforms.write(bytes, from, to);
  }

  takeEnd(trailers: Head | null): void {
    if (this.transforms === null) {
      this.exchange.completeAnswer(trailers);
      return;
    }
    // Whoever sent it goes on to other things: what is still to come is ours alone.
    this.exchange.producer = null;
    if (trailers !== null) this.exchange.response.trailerHead = ownCopy(trailers);
    this.transforms.end();
  }

  /** Whether the producer has to wait for `resume`. */
  mustWait(): boolean {
    if (this.waitsForClient) return true;
    if (!this.held) return false;
    this.isAwaited = true;
    return true;
  }

  /** Of the client, which has only so long to take something. */
  get isFull(): boolean {
    const { responder, isAlone } = this.exchange;
    if (isAlone || !responder.congested) return false;
    responder.awaitDrain();
    return true;
  }

  private get waitsForClient(): boolean {
    return this.isFull && this.transforms?.holdsBack !== true;
  }

  clientDrained(): void {
    this.transforms?.drained();
    if (this.held) this.isAwaited = true;
    else this.exchange.producer?.resume();
  }

  // -- What comes out of the transforms ----------------------------------------------------------------------------

  write(bytes: Uint8Array, from: number, to: number): void {
    this.letHeadGo();
    this.exchange.sendBody(bytes, from, to, false);
    this.exchange.engine.outbound.flushSoon();
  }

  end(): void {
    this.transforms = null;
    this.letHeadGo();
    this.exchange.completeAnswer(this.exchange.response.trailerHead);
    this.exchange.engine.outbound.flushSoon();
  }

  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    const { exchange, isAwaited } = this;
    this.isAwaited = false;
    if (!isAwaited || exchange.over) return;
    // A client that takes nothing any more has only so long, whoever held the sender back first.
    if (!this.waitsForClient) exchange.producer?.resume();
  }

  giveUp(error: SluiceError): void {
    this.exchange.giveUp(error);
    this.exchange.engine.outbound.flushSoon();
  }

  fault(cause: unknown): void {
    this.exchange.fault(cause);
  }

  private letHeadGo(): void {
    if (!this.holdsHead) return;
    this.holdsHead = false;
    this.exchange.sendHead();
  }

  abort(): void {
    const { transforms } = this;
    this.transforms = null;
    this.holdsHead = false;
    transforms?.abort();
  }
}
