// One exchange as one line of the access log. Rule: whatever a client sent is redacted and escaped, so that a line is always
// one line, can be parsed, and does nothing to the terminal that shows it.

import { IsoTimeCache, SecondCache, formatClfTime } from '../core/clock.ts';
import { redactTarget } from '../core/redact.ts';
import type { AccessRecord } from './access-record.ts';

export type AccessFormat = 'json' | 'common' | 'combined';
/** Returns a line with its line feed. */
export type AccessFormatter = (record: AccessRecord) => string;

/** Quote, backslash and whatever moves a cursor or ends a line somewhere. One look is enough for nearly every text. */
const UNSAFE = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const UNSAFE_IN_JSON = /[\u007f-\u009f\u2028\u2029]/g;
const UNSAFE_IN_QUOTES = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

const isoTime = new IsoTimeCache();
const clfTime = new SecondCache(formatClfTime);

const FORMATTERS: Readonly<Record<AccessFormat, AccessFormatter>> = {
  json: jsonLine,
  common: (record) => `${commonPart(record)}\n`,
  combined: (record) =>
    `${commonPart(record)} "${quoted(redactTarget(record.referer ?? '')) || '-'}" "${quoted(record.userAgent ?? '') || '-'}"\n`,
};

export function accessFormatter(format: AccessFormat): AccessFormatter {
  return FORMATTERS[format];
}

/** Most texts are those of the line before: the same client, door, route and upstream. A part is a key with its text. */
class PartBefore {
  readonly #key: string;
  readonly #clean: (text: string) => string;
  #text: string | null = null;
  #part = '';

  constructor(key: string, clean: (text: string) => string = (text) => text) {
    this.#key = key;
    this.#clean = clean;
  }

  /** Nothing for a text that is absent. */
  of(text: string | null): string {
    if (text !== this.#text) {
      this.#text = text;
      this.#part = text ? `,"${this.#key}":"${json(this.#clean(text))}"` : '';
    }
    return this.#part;
  }
}

const upstream = new PartBefore('upstream', redactTarget);
const userAgent = new PartBefore('user_agent.original');
const referer = new PartBefore('http.request.header.referer', redactTarget);
const user = new PartBefore('user.name');

/** The first five parts as one: they change together or not at all. bench/telemetry-access-log.ts: a fifth of a line. */
class WhoAskedWhat {
  readonly #client = new PartBefore('client.address');
  readonly #door = new PartBefore('door');
  readonly #route = new PartBefore('route');
  readonly #method = new PartBefore('http.request.method');
  readonly #host = new PartBefore('server.address');
  #parts: readonly string[] = [];
  #whole = '';

  of({ clientAddress, door, route, method, host }: AccessRecord): string {
    const a = this.#client.of(clientAddress);
    const b = this.#door.of(door);
    const c = this.#route.of(route);
    const d = this.#method.of(method);
    const e = this.#host.of(host);
    const [a1, b1, c1, d1, e1] = this.#parts;
    if (a !== a1 || b !== b1 || c !== c1 || d !== d1 || e !== e1) {
      this.#parts = [a, b, c, d, e];
      this.#whole = a + b + c + d + e;
    }
    return this.#whole;
  }
}

const whoAskedWhat = new WhoAskedWhat();

/** Keys are OpenTelemetry's attribute names where it has one. What is absent is left out. */
function jsonLine(record: AccessRecord): string {
  let line = `{"log":"access","timestamp":"${isoTime.at(record.timeMs)}"${whoAskedWhat.of(record)}${jsonTarget(redactTarget(record.target))}`;
  line += `,"network.protocol.version":"${version(record.protocol)}","http.response.status_code":${record.status},"http.request.body.size":${record.bytesReceived},"http.response.body.size":${record.bytesSent},"duration_ms":${millis(record.durationMs)}`;
  line += upstream.of(record.upstream);
  if (record.upstreamDurationMs >= 0) line += `,"upstream_duration_ms":${millis(record.upstreamDurationMs)}`;
  if (record.errorCode) line += `,"error.type":"${record.errorCode}"`;
  line += userAgent.of(record.userAgent) + referer.of(record.referer) + user.of(record.user);
  // Both are ours, or were found to be hexadecimal digits.
  line += `,"request_id":"${record.requestId}"`;
  if (record.traceId) line += `,"trace_id":"${record.traceId}"`;
  return `${line}}\n`;
}

function jsonTarget(target: string): string {
  if (!target.startsWith('/')) return `,"url.full":"${json(target)}"`;
  const mark = target.indexOf('?');
  if (mark < 0) return `,"url.path":"${json(target)}"`;
  return `,"url.path":"${json(target.slice(0, mark))}","url.query":"${json(target.slice(mark + 1))}"`;
}

function commonPart(record: AccessRecord): string {
  const { clientAddress, timeMs, method, target, protocol, status, bytesSent } = record;
  const request = `${quoted(method)} ${quoted(redactTarget(target))} ${protocol}`;
  const who = quoted(record.user ?? '') || '-';
  return `${clientAddress} - ${who} [${clfTime.at(timeMs)}] "${request}" ${status} ${bytesSent === 0 ? '-' : bytesSent}`;
}

function version(protocol: AccessRecord['protocol']): string {
  return protocol === 'HTTP/2.0' ? '2' : protocol.slice(5);
}

/** Three decimals, without asking for the shortest text of a binary fraction. */
function millis(ms: number): string {
  const micros = Math.round(ms * 1000);
  const whole = Math.floor(micros / 1000);
  const rest = micros - whole * 1000;
  return `${whole}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}

function json(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(UNSAFE_IN_JSON, (char) => `\\u${hex(char, 4)}`);
}

/** As Apache and nginx write it: `\"`, `\\`, `\x1b`. */
function quoted(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text.replace(UNSAFE_IN_QUOTES, (char) => (char === '"' || char === '\\' ? `\\${char}` : escapedByte(char)));
}

function escapedByte(char: string): string {
  return char > '\u00ff' ? `\\u${hex(char, 4)}` : `\\x${hex(char, 2)}`;
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, '0');
}
