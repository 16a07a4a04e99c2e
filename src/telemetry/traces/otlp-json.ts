// Spans as OTLP/HTTP wants them in JSON. Rule: a span is written once, by the thread that has recorded it; whoever sends many puts
// the texts together.
import type { AttributeValue, Attributes, Fraction, Span } from './span.ts';

const STATUS_ERROR = 2;
/** OTLP's own, beside the eight of W3C: it is known whether the parent is remote, and it is. */
const HAS_IS_REMOTE = 0x1_00;
const IS_REMOTE = 0x2_00;

export function spanJson(span: Span): string {
  const { traceId, spanId, parentSpanId, traceState, flags, hasRemoteParent, name, kind } = span;
  let text = `{"traceId":"${traceId}","spanId":"${spanId}"`;
  if (parentSpanId !== '') text += `,"parentSpanId":"${parentSpanId}"`;
  if (traceState !== '') text += `,"traceState":${JSON.stringify(traceState)}`;
  text += `,"flags":${flags | HAS_IS_REMOTE | (hasRemoteParent ? IS_REMOTE : 0)},"name":${JSON.stringify(name)},"kind":${kind}`;
  text += `,"startTimeUnixNano":"${nanos(span.startMs)}","endTimeUnixNano":"${nanos(Math.max(span.startMs, span.endMs))}"`;
  text += `,"attributes":${attributesJson(span.attributes)}`;
  if (span.events.length > 0) {
    const events = span.events.map((event) => {
      return `{"timeUnixNano":"${nanos(event.atMs)}","name":${JSON.stringify(event.name)}}`;
    });
    text += `,"events":[${events.join(',')}]`;
  }
  text +=
    span.error === '' ? ',"status":{}' : `,"status":{"code":${STATUS_ERROR},"message":${JSON.stringify(span.error)}}`;
  return `${text}}`;
}

/** One request to a collector; the spans are texts already. */
export function exportJson(resource: Attributes, version: string, spans: readonly string[]): string {
  const scope = `{"name":"sluice","version":${JSON.stringify(version)}}`;
  return `{"resourceSpans":[{"resource":{"attributes":${attributesJson(resource)}},"scopeSpans":[{"scope":${scope},"spans":[${spans.join(',')}]}]}]}`;
}

function attributesJson(attributes: Attributes): string {
  const parts = attributes.map(([name, value]) => `{"key":${JSON.stringify(name)},"value":${valueJson(value)}}`);
  return `[${parts.join(',')}]`;
}

/** JSON of protobuf: whole numbers of 64 bits are texts. */
function valueJson(value: AttributeValue | Fraction): string {
  if (typeof value === 'string') return `{"stringValue":${JSON.stringify(value)}}`;
  if (typeof value === 'boolean') return `{"boolValue":${value}}`;
  if (typeof value === 'object') return `{"doubleValue":${Math.round(value.fraction * 1000) / 1000}}`;
  return Number.isSafeInteger(value)
    ? `{"intValue":"${value}"}`
    : `{"doubleValue":${Number.isFinite(value) ? value : 0}}`;
}

/** A double holds times of our days to a quarter of a microsecond. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  const rest = Math.round((ms - whole) * 1e6);
  return rest < 1_000_000 ? `${whole}${String(rest).padStart(6, '0')}` : `${whole + 1}000000`;
}
