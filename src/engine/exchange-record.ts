// An exchange as the access log sees it. Rule: there is one of these per door and thread, not one per exchange; it is read
// at once and says nothing about an exchange that is over.
import { FIELD } from '../codec/http1/head.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { AccessRecord } from '../telemetry/access-record.ts';
import type { HttpExchange } from './exchange.ts';
import { sentParent } from './tracer.ts';

export class ExchangeRecord implements AccessRecord {
  readonly door: string;
  private exchange: HttpExchange;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
    this.door = exchange.door;
  }

  of(exchange: HttpExchange): this {
    this.exchange = exchange;
    return this;
  }

  get timeMs(): number {
    return performance.timeOrigin + this.exchange.startedAtMs;
  }

  get durationMs(): number {
    return this.exchange.durationMs;
  }

  get clientAddress(): string {
    return this.exchange.responder.address;
  }

  get route(): string {
    return this.exchange.route;
  }

  get method(): string {
    return this.exchange.request.method;
  }

  get host(): string {
    return this.exchange.request.authority;
  }

  get target(): string {
    return this.exchange.request.target;
  }

  get protocol(): 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0' {
    return this.exchange.request.protocol;
  }

  get status(): number {
    return this.exchange.response.status;
  }

  get bytesReceived(): number {
    return this.exchange.bytesReceived;
  }

  get bytesSent(): number {
    return this.exchange.bytesSent;
  }

  get requestId(): string {
    return this.exchange.id;
  }

  get userAgent(): string | null {
    return this.exchange.request.known(FIELD.USER_AGENT) ?? null;
  }

  get referer(): string | null {
    return this.exchange.request.known(FIELD.REFERER) ?? null;
  }

  get user(): string {
    return this.exchange.user;
  }

  get upstream(): string | null {
    return this.exchange.attempts.origin?.name ?? null;
  }

  get upstreamDurationMs(): number {
    return this.exchange.attempts.answeredAfterMs;
  }

  get errorCode(): ErrorCode | null {
    return this.exchange.errorCode;
  }

  get traceId(): string {
    const { request, engine, idNumber, attempts } = this.exchange;
    if (attempts.trace !== null) return attempts.trace.names.traceId;
    return sentParent(request)?.traceId ?? engine.ids.traceId(idNumber);
  }
}
