// A span as it is recorded. Types only. Rule: plain data in the words of OpenTelemetry; times are milliseconds since 1970, with parts.

/** As OTLP numbers them. */
export const SPAN_KIND = { server: 2, client: 3 } as const;

export type SpanKind = (typeof SPAN_KIND)[keyof typeof SPAN_KIND];

export type AttributeValue = string | number | boolean;

/** Whole numbers are written as such; a duration that happens to be whole stays a duration. */
export interface Fraction {
  readonly fraction: number;
}

export type Attributes = readonly (readonly [name: string, value: AttributeValue | Fraction])[];

export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it begins the trace. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  /** The parent is in another program. */
  readonly hasRemoteParent: boolean;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** Empty: nothing went wrong. */
  readonly error: string;
}
