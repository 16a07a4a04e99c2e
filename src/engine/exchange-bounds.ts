// What one exchange may take: bytes of its body, and time. Rule: it is what its route says, else what holds for the door; an
// exchange whose route bounds nothing costs nothing.
import type { Bounds, Timeouts } from '../contract/bounds.ts';
import { type ErrorCode, SluiceError } from '../core/errors.ts';
import { Deadline, wheel } from '../transport/timers.ts';
import type { HttpExchange } from './exchange.ts';
import type { Route } from './program.ts';

export class ExchangeBounds {
  timeouts: Timeouts;
  maxBodyBytes = 0;
  /** A client that sends nothing more has left. */
  halfIsGone = false;
  /** A bare 102 goes to nobody. */
  hidesProgress = false;
  private readonly exchange: HttpExchange;
  /** Made for the first exchange that may only take so long. */
  private whole: Deadline | null = null;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
    this.timeouts = exchange.engine.timeouts;
  }

  /** What holds for the door, until a route is known. */
  begin(): void {
    const { timeouts, limits } = this.exchange.engine;
    this.timeouts = timeouts;
    this.maxBodyBytes = limits.maxBodyBytes;
    this.halfIsGone = false;
    this.hidesProgress = false;
  }

  /** Takes over what its route says. What is wrong with the request then; null: nothing. */
  of(route: Route | null): ErrorCode | null {
    if (route !== null && route.bounds !== null) this.take(route.bounds);
    return this.exchange.request.head.contentLength > this.maxBodyBytes ? 'request_body_too_large' : null;
  }

  /** False: that much of a body is too much, and the exchange has been given up. */
  allowBody(bytes: number): boolean {
    if (bytes <= this.maxBodyBytes) return true;
    this.exchange.giveUp(new SluiceError('request_body_too_large'));
    return false;
  }

  private take({ bodyBytes, timeouts, halfIsGone = false, hidesProgress = false }: Bounds): void {
    this.halfIsGone = halfIsGone;
    this.hidesProgress = hidesProgress;
    if (bodyBytes !== undefined) this.maxBodyBytes = bodyBytes;
    if (timeouts === undefined) return;
    this.timeouts = timeouts;
    if (timeouts.totalMs > 0) wheel.arm((this.whole ??= new Deadline(() => this.expired())), timeouts.totalMs);
  }

  /** The exchange is over, or its connections are joined: it may take as long as it likes. */
  end(): void {
    if (this.whole !== null) wheel.release(this.whole);
  }

  private expired(): void {
    const { requestPassed, producer, committed, attempts, engine } = this.exchange;
    // A server that has the whole request and says nothing is no better than one that is late by its own bound.
    if (requestPassed && producer !== null && !committed) attempts.late();
    this.exchange.giveUp(new SluiceError('exchange_timeout'));
    engine.outbound.flush();
  }
}
