// The attempts of one exchange on origins: how many, on which, how they ended. Rule: whoever has chosen an origin hears once
// how it ended, however often the request went out to it and whether it went out at all.
import type { Exchange } from '../contract/exchange.ts';
import type { ForwardTarget, Origin } from '../contract/target.ts';
import { type ErrorCode, SluiceError } from '../core/errors.ts';
import type { ExchangeTrace } from './exchange-trace.ts';
import type { Pool } from './pool.ts';
import type { DialTimings } from '../transport/dial.ts';
import type { Traffic } from './traffic.ts';

const NONE: Origin[] = [];
const NEVER = -1;
/** On a connection that was open already. */
const NOT_DIALLED: DialTimings = { dnsMs: 0, connectMs: 0, tlsMs: 0 };

export class Attempts {
  count = 0;
  /** From the beginning of the last attempt to the head of its answer; -1 while there is none. */
  answeredAfterMs = -1;
  /** Who has promised an origin that has not been taken yet. */
  promisedBy: ForwardTarget | null = null;
  /** The trace that the exchange belongs to; null: nobody traces. */
  trace: ExchangeTrace | null = null;
  /** Of a request of ours beside an exchange that is traced. */
  traceBeside: (() => ExchangeTrace) | null = null;
  private readonly traffic: Traffic;
  private status: number | undefined = undefined;
  private pool: Pool | null = null;
  private target: ForwardTarget | null = null;
  /** When the last one began. */
  startedAtMs: number = NEVER;
  /** What it took to get a connection for the last one. */
  dialled: DialTimings = NOT_DIALLED;
  private chosen: Origin | null = null;
  private ticket = 0;
  private failedOrigins: Origin[] = NONE;
  /** Why the last attempt failed, until another one begins. */
  private failure: SluiceError | null = null;

  constructor(traffic: Traffic) {
    this.traffic = traffic;
  }

  reset(): void {
    this.count = 0;
    this.answeredAfterMs = -1;
    this.status = undefined;
    this.promisedBy = null;
    this.pool = null;
    this.target = null;
    this.chosen = null;
    this.failedOrigins = NONE;
    this.failure = null;
    this.trace = this.traceBeside === null ? null : this.traceBeside();
  }

  /** Those that have failed, in order. */
  get tried(): readonly Origin[] {
    return this.failedOrigins;
  }

  /** The origin that is asked or has answered. */
  get origin(): Origin | null {
    return this.pool === null ? null : this.pool.origin;
  }

  /** The target has named an origin; `ticket` is its own. */
  choose(origin: Origin, target: ForwardTarget, ticket: number): void {
    this.chosen = origin;
    this.target = target;
    this.ticket = ticket;
    this.answeredAfterMs = -1;
    this.status = undefined;
    this.startedAtMs = NEVER;
  }

  /** Nobody will take what was promised. */
  leave(exchange: Exchange): void {
    const target = this.promisedBy;
    this.promisedBy = null;
    target?.leave?.(exchange);
  }

  begin(pool: Pool): void {
    this.count++;
    if (this.failure !== null) this.countRetry(this.failure);
    this.failure = null;
    this.pool = pool;
    this.dialled = NOT_DIALLED;
    this.startedAtMs = performance.now();
    if (this.trace !== null) this.trace.attemptBegins();
  }

  /** Whatever policies make of the answer, this is what its server has said. */
  headCame(status: number): void {
    this.status = status;
    this.answeredAfterMs = performance.now() - this.startedAtMs;
  }

  answered(shown: number): void {
    const { pool, status = shown } = this;
    this.report(null, status);
    if (this.trace !== null) this.endSpan(this.trace, null, status);
    if (pool !== null) this.traffic.add(pool.metrics.requests[(status / 100) | 0]!, 1);
  }

  failed(code: ErrorCode): void {
    this.report(code, 0);
    this.countError(code);
    if (this.trace !== null) this.endSpan(this.trace, code, 0);
  }

  /** The exchange as a whole has run out of time while its first origin was to answer. Another one has had less than all of it. */
  late(): void {
    if (this.count === 1 && this.answeredAfterMs < 0) this.failed('upstream_timeout');
  }

  /** The exchange was given up for no fault of the origin; the status is 0 if there was no answer yet. */
  abandon(status: number, reason: ErrorCode | null = null): void {
    this.report(null, status);
    if (this.trace !== null) this.endSpan(this.trace, reason, status);
  }

  /** It failed, and the request goes out again to the same origin. */
  retried(error: SluiceError): void {
    this.countError(error.code);
    this.failure = error;
    if (this.trace !== null) this.endSpan(this.trace, error.code, 0);
  }

  /** It failed, and another origin may be tried; the status is that of an answer which was not passed on. */
  moved(error: SluiceError, status = 0): void {
    this.report(error.code, status);
    this.countError(error.code);
    this.failure = error;
    if (this.trace !== null) this.endSpan(this.trace, error.code, status);
    const { origin } = this;
    if (origin === null) return;
    if (this.failedOrigins === NONE) this.failedOrigins = [];
    this.failedOrigins.push(origin);
  }

  /** There is nobody else to try: this is how it ended. */
  get lastFailure(): SluiceError {
    return this.failure ?? new SluiceError('internal', { message: 'the target names nobody to ask' });
  }

  private countRetry({ code }: SluiceError): void {
    if (this.pool !== null) this.traffic.add(this.pool.metrics.retries(code), 1);
  }

  private countError(code: ErrorCode): void {
    if (this.pool !== null) this.traffic.add(this.pool.metrics.errors(code), 1);
  }

  private report(code: ErrorCode | null, status: number): void {
    const { chosen, target, ticket, answeredAfterMs } = this;
    this.chosen = null;
    if (chosen === null || target === null || target.report === undefined) return;
    const durationMs = answeredAfterMs >= 0 ? answeredAfterMs : this.elapsedMs;
    target.report({ origin: chosen, ticket, code, status, durationMs });
  }

  /** Of the attempt that runs, if one does. */
  private endSpan(trace: ExchangeTrace, error: ErrorCode | null, status: number): void {
    const { origin, count, startedAtMs, answeredAfterMs } = this;
    trace.attemptEnded({ origin, before: count - 1, startedAtMs, answeredAfterMs, status, error });
  }

  private get elapsedMs(): number {
    return this.startedAtMs === NEVER ? 0 : performance.now() - this.startedAtMs;
  }
}
