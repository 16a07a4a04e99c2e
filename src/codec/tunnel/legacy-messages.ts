// The messages of clients of the generation 2.x: the length in eight bytes, then one MessagePack map. Rule: what a visitor has sent reaches
// their app byte for byte, though these clients write a request out of its parts without looking at them.
import { Buffer } from 'node:buffer';
import { MsgpackError, readMsgpack, type MsgpackRead } from '../msgpack/read-msgpack.ts';
import { type MsgpackValue, writeMsgpack } from '../msgpack/write-msgpack.ts';

/** The client takes no longer message, and loses the connection by one. */
export const MAX_LEGACY_MESSAGE_BYTES: number = 4 * 1024 * 1024 - 1;
export const LEGACY_LENGTH_BYTES = 8;

export type LegacyMessage =
  | { readonly type: 'Auth'; readonly token: string; readonly version: string; readonly mmVersion: string }
  | LegacyTunnelWish
  | { readonly type: 'RegProxy'; readonly clientId: string }
  | { readonly type: 'Ping' | 'Pong' | 'Heartbeat' }
  | { readonly type: 'unknown'; readonly name: string };

export interface LegacyTunnelWish {
  readonly type: 'ReqTunnel';
  readonly reqId: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly subdomain: string;
  /** `user:password`, which the server asks visitors for; empty: nothing is asked. */
  readonly httpAuth: string;
}

/** Throws what is no message. */
export function readLegacyMessage(bytes: Buffer): LegacyMessage {
  if (bytes.length < LEGACY_LENGTH_BYTES) throw new MsgpackError('a message has a length');
  if (bytes.readBigUInt64BE(0) !== BigInt(bytes.length - LEGACY_LENGTH_BYTES))
    throw new MsgpackError('the length is that of another message');
  const map = readMsgpack(bytes.subarray(LEGACY_LENGTH_BYTES));
  if (!(map instanceof Map)) throw new MsgpackError('a message is a map');
  return messageOf(map as ReadonlyMap<string, MsgpackRead>);
}

function messageOf(map: ReadonlyMap<string, MsgpackRead>): LegacyMessage {
  const text = (key: string): string => {
    const value = map.get(key);
    return typeof value === 'string' ? value : '';
  };
  const type = text('Type');
  if (type === 'Ping' || type === 'Pong' || type === 'Heartbeat') return { type };
  if (type === 'RegProxy') return { type, clientId: text('ClientId') };
  if (type === 'Auth') return { type, token: text('User'), version: text('Version'), mmVersion: text('MmVersion') };
  if (type !== 'ReqTunnel') return { type: 'unknown', name: type };
  const [hostname, subdomain, httpAuth] = [text('Hostname'), text('Subdomain'), text('HttpAuth')];
  return { type, reqId: text('ReqId'), protocol: text('Protocol'), hostname, subdomain, httpAuth };
}

export function legacyMessage(type: string, fields: Readonly<Record<string, MsgpackValue>> = {}): Buffer {
  const map = writeMsgpack({ Type: type, ...fields });
  const bytes = Buffer.allocUnsafe(LEGACY_LENGTH_BYTES + map.length);
  bytes.writeBigUInt64BE(BigInt(map.length), 0);
  map.copy(bytes, LEGACY_LENGTH_BYTES);
  return bytes;
}

export interface LegacyRequest {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** null: there is none. */
  readonly body: Buffer | null;
}

/** A request, as its proxy socket gets it. */
export function legacyRequest({ method, target, headers, body }: LegacyRequest): Buffer {
  const at = target.indexOf('?');
  // Where nothing follows the question mark the client would leave it out.
  const isSplit = at !== -1 && at < target.length - 1;
  const request = writeMsgpack({
    method,
    path: asText(isSplit ? target.slice(0, at) : target),
    query: isSplit ? asText(target.slice(at + 1)) : '',
    headers: Object.fromEntries(requestLines(headers, body)),
    body: body ?? Buffer.alloc(0),
  });
  return legacyMessage('Proxy', { data: request });
}

/**
 * The client asks its app to keep the connection, and then cannot tell where many an answer ends. But it writes values as they are: a
 * line break in one of them adds a line, so that the app is asked to close, whichever of the lines it goes by.
 */
const CLOSE = '\r\nConnection: close';

function requestLines(headers: LegacyRequest['headers'], body: Buffer | null): [name: string, value: string][] {
  const lines = [...joined(headers, body)];
  // It writes a Host and a Connection of its own.
  const own = lines.filter(([name]) => name.toLowerCase() !== 'host');
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined) return lines;
  const host = lines.filter(([name]) => name.toLowerCase() === 'host');
  const between = own.slice(1, -1);
  const closing = (line: [string, string]): [string, string] => [line[0], `${line[1]}${CLOSE}`];
  return [closing(first), ['Connection', 'close'], ...host, ...between, ...(own.length > 1 ? [closing(last)] : [])];
}

/** A map has each name once. */
function joined(headers: LegacyRequest['headers'], body: Buffer | null): Iterable<[name: string, value: string]> {
  const lines = new Map<string, [name: string, value: string]>();
  for (const [name, value] of headers) {
    if (/[\r\n\0]/.test(value)) throw new MsgpackError('a value of a request has a line break in it');
    const lower = name.toLowerCase();
    // The client writes the identifier that it is told with each request.
    if (lower === 'x-request-id' || (body !== null && lower === 'content-length')) continue;
    const before = lines.get(lower)?.[1];
    const text = asText(value);
    lines.set(lower, [name, before === undefined ? text : `${before}${lower === 'cookie' ? '; ' : ', '}${text}`]);
  }
  if (body !== null) lines.set('content-length', ['Content-Length', String(body.length)]);
  return lines.values();
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The client writes UTF-8: what is that already must not become so twice. */
function asText(latin1: string): string {
  if (/^[\0-\x7f]*$/.test(latin1)) return latin1;
  try {
    return utf8.decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
}
