// The messages of a control connection, as clients of the generation 3.x and Sluice know them: one MessagePack map each. Rule: fields
// that are not known are passed over, and a field of the wrong kind is no field.
import { Buffer } from 'node:buffer';
import { MsgpackError, readMsgpack, type MsgpackRead } from '../msgpack/read-msgpack.ts';
import { binaryHead, type MsgpackValue, writeMsgpack } from '../msgpack/write-msgpack.ts';

/** Payloads of StreamData are no longer. */
export const MAX_CHUNK_BYTES: number = 64 * 1024;
/** No message of a client is longer: its largest payload and what stands around it. */
export const MAX_MESSAGE_BYTES: number = 10 * 1024 * 1024 + 64 * 1024;

export type WsType = 'text' | 'binary';
export type StreamMode = 'http' | 'ws' | 'tcp';

export interface StreamDataMessage {
  readonly type: 'StreamData';
  readonly streamId: number;
  /** Where it was read from. */
  readonly data: Buffer;
  readonly wsType: WsType | null;
  /** null: the message says nothing of it. */
  readonly fin: boolean | null;
}

export type ClientMessage =
  | { readonly type: 'Auth'; readonly token: string; readonly version: number }
  | {
      readonly type: 'TunnelCreate';
      readonly protocol: string;
      readonly subdomain: string | null;
      readonly path: string | null;
      readonly hostname: string | null;
      readonly remotePort: number | null;
      /** Fields of ours: what stands there; null: nothing does. */
      readonly proxyProtocol: string | null;
      readonly allow: readonly string[] | null;
      /** The client shares the name with others of its account. */
      readonly group: boolean;
    }
  | StreamDataMessage
  | { readonly type: 'StreamClose'; readonly streamId: number; readonly code: number | null; readonly reason: string }
  | { readonly type: 'StreamReset'; readonly streamId: number; readonly reason: string }
  | { readonly type: 'HeartbeatAck' }
  | UnknownMessage;

/** What is none of the first two versions. */
export interface UnknownMessage {
  readonly type: 'unknown';
  readonly name: string;
  readonly streamId: number;
  readonly fields: ReadonlyMap<string, MsgpackRead>;
}

export interface StreamOpenFields {
  readonly streamId: number;
  readonly tunnelId: string;
  readonly mode: StreamMode;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly hasBody: boolean;
  /** From the third version on: so much of the answer may come before a credit. */
  readonly windowBytes?: number;
}

/** Throws what is no message. */
export function readMessage(bytes: Buffer): ClientMessage {
  const map = readMsgpack(bytes);
  if (!(map instanceof Map)) throw new MsgpackError('a message is a map');
  return messageOf(map as ReadonlyMap<string, MsgpackRead>);
}

function messageOf(map: ReadonlyMap<string, MsgpackRead>): ClientMessage {
  const type = text(map, 'Type') ?? '';
  const streamId = number(map, 'stream_id') ?? -1;
  const reason = text(map, 'reason') ?? '';
  if (type === 'StreamData') return streamData(map, streamId);
  if (type === 'StreamClose') return { type, streamId, code: number(map, 'code'), reason };
  if (type === 'StreamReset') return { type, streamId, reason };
  if (type === 'HeartbeatAck') return { type };
  if (type === 'Auth') return { type, token: text(map, 'token') ?? '', version: number(map, 'version') ?? 1 };
  if (type !== 'TunnelCreate') return { type: 'unknown', name: type, streamId, fields: map };
  const [subdomain, path, hostname] = [text(map, 'subdomain'), text(map, 'path'), text(map, 'hostname')];
  const ports = { remotePort: number(map, 'remote_port'), proxyProtocol: text(map, 'proxy_protocol') };
  const group = map.get('group') === true;
  return {
    type,
    protocol: text(map, 'protocol') ?? '',
    subdomain,
    path,
    hostname,
    group,
    ...ports,
    allow: allowed(map),
  };
}

/** What is no text in it is kept as one that fits nothing: a list that is not understood must not be wider than was meant. */
function allowed(map: ReadonlyMap<string, MsgpackRead>): readonly string[] | null {
  const list = map.get('allow');
  if (list === undefined || list === null) return null;
  return Array.isArray(list)
    ? (list as readonly MsgpackRead[]).map((each) => (typeof each === 'string' ? each : ''))
    : [''];
}

export function streamData(map: ReadonlyMap<string, MsgpackRead>, streamId: number): StreamDataMessage {
  const data = map.get('data');
  const wsType = map.get('ws_type');
  const fin = map.get('fin');
  return {
    type: 'StreamData',
    streamId,
    data: Buffer.isBuffer(data) ? data : Buffer.alloc(0),
    wsType: wsType === 'text' || wsType === 'binary' ? wsType : null,
    fin: typeof fin === 'boolean' ? fin : null,
  };
}

export function text(map: ReadonlyMap<string, MsgpackRead>, key: string): string | null {
  const value = map.get(key);
  return typeof value === 'string' ? value : null;
}

export function number(map: ReadonlyMap<string, MsgpackRead>, key: string): number | null {
  const value = map.get(key);
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

/** What the app behind a stream has answered, as it stands in the first message of the stream. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly subprotocol: string | null;
  /** The client of the tunnel says it in place of the app, which has heard nothing of the request. */
  readonly isUnserved?: boolean;
}

/** Throws what is no head. */
export function readAnswerHead(bytes: Buffer): AnswerHead {
  const map = readMsgpack(bytes);
  if (!(map instanceof Map)) throw new MsgpackError('a head is a map');
  const head = map as ReadonlyMap<string, MsgpackRead>;
  return {
    status: number(head, 'status') ?? 0,
    headers: pairs(head.get('headers')),
    subprotocol: text(head, 'subprotocol'),
    ...(head.get('unserved') === true && { isUnserved: true }),
  };
}

/** A list of pairs, or a map of the first version. */
export function pairs(value: MsgpackRead | undefined): AnswerHead['headers'] {
  const list =
    value instanceof Map ? [...(value as ReadonlyMap<string, MsgpackRead>)] : Array.isArray(value) ? value : [];
  return (list as readonly MsgpackRead[]).flatMap((pair) => {
    const [name, text] = Array.isArray(pair) ? (pair as readonly MsgpackRead[]) : [];
    return typeof name === 'string' && typeof text === 'string' ? [[name, text] as const] : [];
  });
}

/** null: what is asked is left out. */
export function message(type: string, fields: Readonly<Record<string, MsgpackValue>> = {}): Buffer {
  return writeMsgpack({ Type: type, ...fields });
}

/** Clients keep no more of it. */
const REASON_LENGTH = 200;

export function streamClose(streamId: number, code: number | null, reason: string): Buffer {
  const why = reason.slice(0, REASON_LENGTH);
  return message('StreamClose', { stream_id: streamId, code: code ?? undefined, reason: why === '' ? undefined : why });
}

export function streamReset(streamId: number, reason: string): Buffer {
  return message('StreamReset', { stream_id: streamId, reason: reason.slice(0, REASON_LENGTH) });
}

/** In the first version the method is a header and the body comes along. */
export function streamOpen(open: StreamOpenFields, version: number, body: Buffer | null): Buffer {
  const { streamId, tunnelId, mode, path, method, headers, hasBody, windowBytes } = open;
  const named = { stream_id: streamId, tunnel_id: tunnelId, mode, path };
  const window = version >= 3 && windowBytes !== undefined ? { window: windowBytes } : {};
  if (version >= 2) return message('StreamOpen', { ...named, method, headers, has_body: hasBody, ...window });
  const joined = new Map<string, string>([['Method', method]]);
  for (const [name, value] of headers) {
    const before = joined.get(name);
    joined.set(
      name,
      before === undefined ? value : `${before}${name.toLowerCase() === 'cookie' ? '; ' : ', '}${value}`,
    );
  }
  return message('StreamOpen', { ...named, headers: Object.fromEntries(joined), body: body ?? Buffer.alloc(0) });
}

const DATA = writeMsgpack('data');
const TYPE = Buffer.concat([writeMsgpack('Type'), writeMsgpack('StreamData')]);
const STREAM_ID = writeMsgpack('stream_id');
const FIN = [false, true].map((fin) => Buffer.concat([writeMsgpack('fin'), writeMsgpack(fin)]));
const WS_TYPES = {
  text: Buffer.concat([writeMsgpack('ws_type'), writeMsgpack('text')]),
  binary: Buffer.concat([writeMsgpack('ws_type'), writeMsgpack('binary')]),
};
const FIX_MAP = 0x80;

export interface StreamDataFields {
  readonly streamId: number;
  readonly wsType: WsType | null;
  readonly fin: boolean | null;
}

/** A StreamData up to its payload, whose bytes follow as they are. */
export function streamDataHead({ streamId, wsType, fin }: StreamDataFields, length: number): Buffer {
  const parts = [TYPE, STREAM_ID, writeMsgpack(streamId)];
  let count = 3;
  if (wsType !== null) count = add(parts, WS_TYPES[wsType], count);
  if (fin !== null) count = add(parts, FIN[Number(fin)]!, count);
  return Buffer.concat([Buffer.from([FIX_MAP | count]), ...parts, DATA, binaryHead(length)]);
}

function add(parts: Buffer[], part: Buffer, count: number): number {
  parts.push(part);
  return count + 1;
}
