// W3C Trace Context: what `traceparent` says, read strictly. Rule: what is not valid is as if it had not been sent, and then neither
// is `tracestate`.

export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span that the request comes from. */
  readonly spanId: string;
  readonly flags: number;
}

export const FLAG_SAMPLED = 1;
/** The right half of the trace's id is random (Trace Context, level 2). */
export const FLAG_RANDOM = 2;

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** Versions to come may say more behind what this one says. */
export function parseTraceParent(text: string): TraceParent | null {
  const [, version, traceId, spanId, flags, more] = SHAPE.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

export function formatTraceParent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}
