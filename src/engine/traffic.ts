// Counts and logs what passes through one door. Rule: on the path of a request only numbers are added to slots that were
// found when the program was built.
import type { AccessLog } from '../telemetry/access-log.ts';
import {
  type ConnectionFamilies,
  connectionFamilies,
  type HttpFamilies,
  httpFamilies,
  type UpstreamFamilies,
  upstreamFamilies,
} from '../telemetry/families.ts';
import type { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import type { Tracer } from './tracer.ts';
import type { RequestTape } from '../telemetry/request-tape.ts';
import type { HttpExchange } from './exchange.ts';
import { ExchangeRecord } from './exchange-record.ts';
import { seenExchange } from './seen-exchange.ts';

/** The status of an upgraded connection. */
const SWITCHED = 101;

export interface TrafficOptions {
  readonly door: string;
  readonly recorder: MetricsRecorder;
  /** Null: no access log. */
  readonly accessLog: AccessLog | null;
  /** Without it what has gone through cannot be looked at. */
  readonly tape?: RequestTape;
}

export class Traffic {
  readonly door: string;
  readonly recorder: MetricsRecorder;
  accessLog: AccessLog | null;
  /** Null: nothing is traced. For exchanges that begin from here on. */
  tracer: Tracer | null = null;
  private readonly tape: RequestTape | null;
  requestsInFlight = 0;
  private record: ExchangeRecord | null = null;
  private readonly connections: ConnectionFamilies;
  /** For requests that no route took. */
  private readonly unrouted: HttpFamilies;

  constructor(options: TrafficOptions) {
    this.door = options.door;
    this.recorder = options.recorder;
    this.accessLog = options.accessLog;
    this.tape = options.tape ?? null;
    this.connections = connectionFamilies(options.recorder, { door: options.door });
    this.unrouted = this.familiesOf('');
  }

  /** Where a route records; the same for the same name, whichever program it belongs to. */
  familiesOf(route: string): HttpFamilies {
    return httpFamilies(this.recorder, { door: this.door, route });
  }

  familiesOfUpstream(upstream: string): UpstreamFamilies {
    return upstreamFamilies(this.recorder, { upstream });
  }

  opened(): void {
    this.add(this.connections.opened, 1);
    this.add(this.connections.open, 1);
  }

  closed(): void {
    this.add(this.connections.open, -1);
  }

  refused(): void {
    this.add(this.connections.refused, 1);
  }

  handshakeEnded(failure: string | null, durationMs: number): void {
    if (failure === null) this.recorder.observe(this.connections.tlsHandshakes, durationMs / 1000);
    else this.add(this.connections.tlsHandshakeErrors, 1);
  }

  /** The request has been routed, or will not be. */
  began(exchange: HttpExchange): void {
    const families = this.familiesFor(exchange);
    if (families === null) return;
    this.requestsInFlight++;
    this.add(families.inFlight, 1);
    if (this.tracer !== null) exchange.attempts.trace = this.tracer.begin(exchange);
  }

  ended(exchange: HttpExchange): void {
    const families = this.familiesFor(exchange);
    if (families === null) return;
    this.requestsInFlight--;
    this.add(families.inFlight, -1);
    const durationMs = performance.now() - exchange.startedAtMs;
    exchange.durationMs = durationMs;
    const { status } = exchange.response;
    this.add(families.requests[(status / 100) | 0]!, 1);
    this.add(families.requestBytes, exchange.bytesReceived);
    this.add(families.responseBytes, exchange.bytesSent);
    // A WebSocket lives for hours; among answers it would only blur what durations say.
    this.recorder.observe(status === SWITCHED ? this.connections.streamDuration : families.duration, durationMs / 1000);
    if (exchange.firstByteMs >= 0) this.recorder.observe(families.timeToFirstByte, exchange.firstByteMs / 1000);
    if (exchange.errorCode !== null) this.add(families.errors(exchange.errorCode), 1);
    const { accessLog, tape } = this;
    const { trace } = exchange.attempts;
    if (accessLog === null && tape === null && trace === null) return;
    const record = (this.record ??= new ExchangeRecord(exchange)).of(exchange);
    if (accessLog !== null) accessLog.record(record);
    if (tape === null && trace === null) return;
    const seen = seenExchange(exchange, record);
    if (tape !== null) tape.add(seen);
    if (trace !== null) trace.ended(seen);
  }

  private familiesFor(exchange: HttpExchange): HttpFamilies | null {
    return exchange.matched === null ? this.unrouted : exchange.matched.metrics;
  }

  add(slot: number, count: number): void {
    const { slots } = this.recorder;
    slots[slot] = slots[slot]! + count;
  }
}
