// Begins the traces of one door. Rule: whether an exchange is recorded is decided when it begins and holds for all of it; what is not
// recorded still goes on under its own name, so that servers behind us know what was decided.
import { FIELD } from '../codec/http1/head.ts';
import { isSampled, type Sampling } from '../telemetry/traces/sampling.ts';
import type { Span } from '../telemetry/traces/span.ts';
import { SpanIds } from '../telemetry/traces/span-ids.ts';
import { FLAG_RANDOM, FLAG_SAMPLED, parseTraceParent, type TraceParent } from '../telemetry/traces/trace-context.ts';
import type { HttpExchange } from './exchange.ts';
import { ExchangeTrace } from './exchange-trace.ts';
import type { RequestState } from './request-state.ts';

export interface TracerOptions {
  readonly sampling: Sampling;
  readonly take: (span: Span) => void;
}

/** Those who send spans are not traced: what they tell would never end. */
const EXPORTER = /^sluice-otlp\b/;

export class Tracer {
  readonly ids: SpanIds = new SpanIds();
  readonly take: (span: Span) => void;
  private readonly sampling: Sampling;

  constructor({ sampling, take }: TracerOptions) {
    this.sampling = sampling;
    this.take = take;
  }

  begin(exchange: HttpExchange): ExchangeTrace {
    const { request } = exchange;
    const parent = sentParent(request);
    const traceId = parent === null ? this.ids.trace() : parent.traceId;
    const isRecorded = isSampled(this.sampling, traceId, parent) && !isExporter(request);
    const flags = (isRecorded ? FLAG_SAMPLED : 0) | (parent === null ? 0 : parent.flags & FLAG_RANDOM);
    return new ExchangeTrace(this, exchange, { traceId, parent, flags, spanId: this.ids.span() });
  }
}

/** More than one is as good as none. */
export function sentParent({ head }: RequestState): TraceParent | null {
  const index = head.find(FIELD.TRACEPARENT);
  if (index < 0 || head.find(FIELD.TRACEPARENT, index + 1) >= 0) return null;
  return parseTraceParent(head.value(index));
}

function isExporter(request: RequestState): boolean {
  return EXPORTER.test(request.known(FIELD.USER_AGENT) ?? '');
}
