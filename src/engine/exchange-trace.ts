// The trace of one exchange: a span for the exchange itself, and one for each attempt on a server or connection that is opened for its
// client. Rule: nothing is measured here that has been measured already; without a record only names are given.
import { FIELD } from '../codec/http1/head.ts';
import type { Origin } from '../contract/target.ts';
import type { SeenRequest } from '../telemetry/seen-request.ts';
import { SPAN_KIND, type Span } from '../telemetry/traces/span.ts';
import { FLAG_SAMPLED, formatTraceParent, type TraceParent } from '../telemetry/traces/trace-context.ts';
import {
  attemptAttributes,
  dialAttributes,
  exchangeAttributes,
  exchangeError,
  exchangeName,
} from './span-attributes.ts';
import type { HttpExchange } from './exchange.ts';
import type { Tracer } from './tracer.ts';

export interface TraceNames {
  readonly traceId: string;
  /** What the client has sent, if that was valid. */
  readonly parent: TraceParent | null;
  readonly flags: number;
  /** Of the exchange; its attempts are its children. */
  readonly spanId: string;
}

/** How an attempt has ended. */
export interface AttemptEnd {
  readonly origin: Origin | null;
  /** How many there have been before. */
  readonly before: number;
  readonly startedAtMs: number;
  /** -1: no head of an answer has come. */
  readonly answeredAfterMs: number;
  /** 0: there was no answer. */
  readonly status: number;
  /** Null: it has not failed. */
  readonly error: string | null;
}

export class ExchangeTrace {
  readonly names: TraceNames;
  private readonly tracer: Tracer;
  private readonly exchange: HttpExchange;
  /** Of the attempt that runs; empty: none does. */
  private attemptId = '';
  private dialStartedMs = 0;

  constructor(tracer: Tracer, exchange: HttpExchange, names: TraceNames) {
    this.tracer = tracer;
    this.exchange = exchange;
    this.names = names;
  }

  get isRecorded(): boolean {
    return (this.names.flags & FLAG_SAMPLED) !== 0;
  }

  /** For a request of ours beside the exchange: its attempts are children of the same span. */
  beside(exchange: HttpExchange): ExchangeTrace {
    return new ExchangeTrace(this.tracer, exchange, this.names);
  }

  // -- On the way to a server --------------------------------------------------------------------------------------

  attemptBegins(): void {
    this.attemptId = this.tracer.ids.span();
  }

  /** The value of the field that the server of the running attempt gets. */
  get traceParent(): string {
    const { traceId, spanId, flags } = this.names;
    return formatTraceParent({ traceId, spanId: this.attemptId === '' ? spanId : this.attemptId, flags });
  }

  /** Ends the running attempt, if there is one. */
  attemptEnded(end: AttemptEnd): void {
    const spanId = this.attemptId;
    this.attemptId = '';
    if (spanId === '' || !this.isRecorded || end.startedAtMs < 0) return;
    const { exchange } = this;
    const { startedAtMs, answeredAfterMs } = end;
    const headAtMs = startedAtMs + answeredAfterMs;
    const events = answeredAfterMs < 0 ? [] : [{ name: 'http.response.head', atMs: wallMs(headAtMs) }];
    this.record({
      ...this.child(spanId),
      name: exchange.request.method,
      startMs: wallMs(startedAtMs),
      attributes: attemptAttributes(exchange, end),
      events,
      error: end.error ?? (end.status >= 400 ? String(end.status) : ''),
    });
  }

  // -- Connections for clients that ask for one --------------------------------------------------------------------

  dialBegins(): void {
    this.attemptId = this.tracer.ids.span();
    this.dialStartedMs = performance.now();
  }

  dialEnded(error: string | null): void {
    const spanId = this.attemptId;
    this.attemptId = '';
    if (spanId === '' || !this.isRecorded) return;
    const { exchange } = this;
    this.record({
      ...this.child(spanId),
      name: 'CONNECT',
      startMs: wallMs(this.dialStartedMs),
      attributes: dialAttributes(exchange, error),
      events: [],
      error: error ?? '',
    });
  }

  // -- The exchange itself -----------------------------------------------------------------------------------------

  ended(seen: SeenRequest): void {
    if (!this.isRecorded) return;
    const { exchange } = this;
    const { traceId, parent, flags, spanId } = this.names;
    const { firstByteMs } = exchange;
    this.record({
      traceId,
      spanId,
      parentSpanId: parent === null ? '' : parent.spanId,
      traceState: this.traceState,
      flags,
      hasRemoteParent: parent !== null,
      name: exchangeName(exchange),
      kind: SPAN_KIND.server,
      startMs: seen.atMs,
      endMs: seen.atMs + seen.durationMs,
      attributes: exchangeAttributes(exchange, seen),
      events: firstByteMs < 0 ? [] : [{ name: 'http.response.head', atMs: seen.atMs + firstByteMs }],
      error: exchangeError(exchange),
    });
  }

  private child(
    spanId: string,
  ): Pick<Span, 'traceId' | 'spanId' | 'parentSpanId' | 'traceState' | 'flags' | 'hasRemoteParent' | 'kind' | 'endMs'> {
    const { traceId, spanId: parentSpanId, flags } = this.names;
    const { traceState } = this;
    const endMs = wallMs(performance.now());
    return { traceId, spanId, parentSpanId, traceState, flags, hasRemoteParent: false, kind: SPAN_KIND.client, endMs };
  }

  private get traceState(): string {
    const { head } = this.exchange.request;
    if (this.names.parent === null) return '';
    const values: string[] = [];
    for (let at = head.find(FIELD.TRACESTATE); at >= 0; at = head.find(FIELD.TRACESTATE, at + 1))
      values.push(head.value(at));
    return values.join(',');
  }

  private record(span: Span): void {
    this.tracer.take(span);
  }
}

function wallMs(atMs: number): number {
  return performance.timeOrigin + atMs;
}
