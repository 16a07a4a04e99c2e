// What of the fields of a message goes through a tunnel. Rule: what belongs to one connection stays there; what a client of the server
// says of its app is looked at before it is written.
import type { AnswerHead } from '../../codec/tunnel/messages.ts';
import type { Fields, RequestView } from '../../contract/exchange.ts';
import { SCHEME_FIELD, TUNNEL_FIELD, VISITOR_FIELD } from '../../services/tunnels/tunnel-names.ts';

const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Answered here, or said anew. */
const OF_REQUESTS: ReadonlySet<string> = new Set(['expect', SCHEME_FIELD, TUNNEL_FIELD, VISITOR_FIELD]);
/** What a trusted proxy before the gateway says goes before what the gateway sees itself. */
const SAID_OF_VISITORS: ReadonlyMap<string, string> = new Map([
  ['x-forwarded-for', VISITOR_FIELD],
  ['x-forwarded-proto', SCHEME_FIELD],
]);
/** Of the handshake, which the client of the tunnel makes anew with its app. */
const OF_WEBSOCKETS: ReadonlySet<string> = new Set([
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-version',
]);

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Whatever is no control character; the bytes of UTF-8 are written as they are. */
const VALUE = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u;

export type FieldPair = [name: string, value: string];

/** What says of a body that its sender waits for it to be wanted, and of an answer that it may have trailers. */
export function bodyFields({ fields, takesTrailers }: RequestView): FieldPair[] {
  const kept: FieldPair[] = [];
  if (fields.has('expect')) kept.push(['Expect', '100-continue']);
  if (takesTrailers) kept.push(['TE', 'trailers']);
  return kept;
}

export function requestFields(fields: Fields, isWebSocket: boolean): FieldPair[] {
  const all = fields.entries();
  const named = namedByConnection(all);
  const kept = all.filter(([name]) => {
    const lower = name.toLowerCase();
    if (OF_THE_CONNECTION.has(lower) || OF_REQUESTS.has(lower) || named.has(lower)) return false;
    return !isWebSocket || !OF_WEBSOCKETS.has(lower);
  });
  return fields.has(VISITOR_FIELD) ? kept.map((pair) => said(pair, fields)) : kept;
}

function said([name, value]: FieldPair, fields: Fields): FieldPair {
  const better = SAID_OF_VISITORS.get(name.toLowerCase());
  return [name, (better === undefined ? undefined : fields.get(better)) ?? value];
}

/** null: it is none that could be written. */
export function answerFields({ headers }: AnswerHead): FieldPair[] | null {
  const named = namedByConnection(headers);
  const kept: FieldPair[] = [];
  for (const [name, value] of headers) {
    if (!NAME.test(name) || !VALUE.test(value)) return null;
    const lower = name.toLowerCase();
    if (OF_THE_CONNECTION.has(lower) || OF_WEBSOCKETS.has(lower) || named.has(lower) || lower === 'content-length')
      continue;
    kept.push([name, isLatin1(value) ? value : Buffer.from(value).toString('latin1')]);
  }
  return kept;
}

/** -1: it says none that could be relied on. */
export function answerLength({ headers }: AnswerHead): number {
  const lengths = headers.filter(([name]) => name.toLowerCase() === 'content-length').map(([, value]) => value.trim());
  const [first] = lengths;
  if (first === undefined || !/^\d{1,15}$/.test(first) || lengths.some((each) => each !== first)) return -1;
  // With a transfer coding the length is of something else (RFC 9112, 6.3).
  return headers.some(([name]) => name.toLowerCase() === 'transfer-encoding') ? -1 : Number(first);
}

function namedByConnection(all: readonly (readonly [string, string])[]): ReadonlySet<string> {
  const values = all.filter(([name]) => name.toLowerCase() === 'connection').map(([, value]) => value);
  return new Set(values.flatMap((value) => value.split(',').map((each) => each.trim().toLowerCase())));
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}
