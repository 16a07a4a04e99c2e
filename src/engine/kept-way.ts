// The way of an answer that a policy has kept: given at once to a request, or put in place of the answer that has come, of an error or
// of none. Rule: once it has been given, nothing of any other answer reaches the client; where an answer without a body gives way, its
// server is heard to the end first, so that the connection stays of use.
import { Buffer } from 'node:buffer';
import type { Answer, Producer } from '../contract/exchange.ts';
import type { KeptSink, KeptSource, ReadyAnswer } from '../contract/kept-answer.ts';
import { SluiceError } from '../core/errors.ts';
import type { HttpExchange } from './exchange.ts';
import { keptTrailers } from './kept-head.ts';

/** From here on copying a body costs more than sending it by itself. */
const LEAST_LENT_BYTES = 32 * 1024;
/** A client that takes nothing of so much within the time that it has is cut. */
const MOST_LENT_BYTES = 128 * 1024;
const NOTHING = Buffer.alloc(0);

type Head = Omit<Answer, 'body'>;

export class KeptWay implements Producer, KeptSink {
  /** Nobody else's answer counts. */
  isInCharge = false;
  /** Its head is known, and its body waits for whatever it takes the place of to end. */
  isDue = false;
  private readonly exchange: HttpExchange;
  private source: KeptSource | null = null;
  private body: Buffer = NOTHING;
  private willFlush = false;
  private seen: Uint8Array = NOTHING;
  private view: Buffer = NOTHING;
  private at = 0;
  private to = 0;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
  }

  /** There is nothing to give, or no more. */
  reset(): void {
    if (!this.isInCharge) return;
    const { source } = this;
    this.isInCharge = false;
    this.isDue = false;
    this.source = null;
    this.body = NOTHING;
    this.seen = NOTHING;
    this.view = NOTHING;
    source?.cancel();
  }

  // -- What policies give ------------------------------------------------------------------------------------------

  giveReady(ready: ReadyAnswer, passing: string): void {
    if (!this.takesCharge()) return;
    this.exchange.response.makeReady(ready, passing, this.exchange.request.head.methodId);
    this.hold(ready.body, ready.bodyFrom, ready.bodyTo);
    this.go();
  }

  give(answer: Answer): void {
    if (!this.takesCharge()) return;
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
    const bytes = body === undefined ? NOTHING : Buffer.from(body.buffer, body.byteOffset, body.length);
    this.make(answer, bytes.length);
    this.hold(bytes, 0, bytes.length);
    this.go();
  }

  giveFrom(answer: Head, length: number, source: KeptSource): void {
    if (!this.takesCharge()) {
      source.cancel();
      return;
    }
    this.make(answer, length);
    this.source = source;
    this.go();
  }

  private make(answer: Head, length: number): void {
    const { response, request } = this.exchange;
    response.make(answer, length, request.head.methodId);
    response.isOurs = false;
  }

  private hold(bytes: Buffer, from: number, to: number): void {
    this.body = bytes;
    this.at = from;
    this.to = to;
  }

  /** False: it comes too late. */
  private takesCharge(): boolean {
    const { exchange } = this;
    if (exchange.over || exchange.isAnswered) return false;
    const isFirst = !this.isInCharge;
    // What has been given before gives way.
    this.reset();
    if (exchange.isJudging && isFirst) this.takePlace();
    this.isDue = exchange.isJudging;
    this.isInCharge = true;
    return true;
  }

  /** What has come counts as an answer of its server, though nobody will see it. */
  private takePlace(): void {
    const { exchange } = this;
    if (!exchange.isAlone) exchange.errorCode = null;
    if (exchange.response.isOurs || !exchange.response.hasBody) return;
    exchange.attemptAnswered();
    const { producer } = exchange;
    exchange.producer = null;
    producer?.cancel(new SluiceError('upstream_unavailable'));
  }

  private go(): void {
    const { exchange } = this;
    if (this.isDue) return;
    exchange.commit();
    if (exchange.over || !this.isInCharge) return;
    this.isDue = true;
    this.begin();
  }

  // -- Its body ----------------------------------------------------------------------------------------------------

  /** What it has taken the place of has ended. */
  begin(): void {
    if (!this.isDue) return;
    this.isDue = false;
    const { exchange, source } = this;
    if (source !== null && exchange.response.hasBody) {
      exchange.produce(this);
      source.begin(this);
      return;
    }
    if (!exchange.response.hasBody || this.to - this.at < LEAST_LENT_BYTES) this.sendAtOnce();
    else {
      exchange.produce(this);
      this.sendPieces();
    }
  }

  /** Whoever was cut off may be about to go on with its own answer: it is to find that it has no say. */
  beginSoon(): void {
    const { exchange } = this;
    if (!this.isDue || exchange.producer !== null) return;
    const { generation } = exchange;
    process.nextTick(() => {
      if (generation !== exchange.generation || !this.isDue) return;
      this.begin();
      exchange.engine.outbound.flush();
    });
  }

  resume(): void {
    if (this.source === null) this.sendPieces();
    else this.source.resume();
  }

  private sendAtOnce(): void {
    const { exchange, at, to } = this;
    if (exchange.response.hasBody && at < to) exchange.passBody(this.body, at, to);
    exchange.passEnd(null);
  }

  /** Nothing is copied, and nothing is given to a client that has not taken what it was given before. */
  private sendPieces(): void {
    const { exchange, body, to } = this;
    const { generation } = exchange;
    while (this.at < to) {
      if (exchange.mustWait()) return;
      const from = this.at;
      this.at = Math.min(to, from + MOST_LENT_BYTES);
      exchange.passBody(body, from, this.at, true);
      if (exchange.over || generation !== exchange.generation) return;
    }
    exchange.passEnd(null);
  }

  write(bytes: Uint8Array, from: number, to: number): boolean {
    const { exchange } = this;
    if (this.source === null) return true;
    exchange.passBody(this.viewOf(bytes), from, to);
    this.flushSoon();
    return exchange.over || !exchange.mustWait();
  }

  /** A source gives pieces of the same memory, one after the other. */
  private viewOf(bytes: Uint8Array): Buffer {
    if (bytes === this.seen) return this.view;
    this.seen = bytes;
    this.view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return this.view;
  }

  /** Sources give small pieces: what comes in one turn leaves together. */
  private flushSoon(): void {
    if (this.willFlush) return;
    this.willFlush = true;
    process.nextTick(flush, this);
  }

  flush(): void {
    this.willFlush = false;
    this.exchange.engine.outbound.flush();
  }

  end(trailers: readonly (readonly [name: string, value: string])[] = []): void {
    const { exchange } = this;
    if (this.source === null) return;
    this.source = null;
    exchange.passEnd(trailers.length === 0 ? null : keptTrailers(trailers));
    exchange.engine.outbound.flushSoon();
  }

  cut(): void {
    const { exchange } = this;
    if (this.source === null) return;
    this.source = null;
    exchange.giveUp(new SluiceError('upstream_incomplete'));
    exchange.engine.outbound.flushSoon();
  }

  // -- As whoever answers the exchange -----------------------------------------------------------------------------

  takeBody(): void {}

  takeEnd(): void {}

  cancel(): void {
    this.reset();
  }
}

function flush(way: KeptWay): void {
  way.flush();
}
