// What the server of tunnels says, as its client reads it: one MessagePack map each. Rule: as with what clients say, fields that are not
// known are passed over, and a field of the wrong kind is no field.
import type { Buffer } from 'node:buffer';
import { MsgpackError, readMsgpack, type MsgpackRead } from '../msgpack/read-msgpack.ts';
import {
  number,
  pairs,
  streamData,
  type StreamDataMessage,
  type StreamMode,
  text,
  type UnknownMessage,
} from './messages.ts';

export interface StreamOpenMessage {
  readonly type: 'StreamOpen';
  readonly streamId: number;
  readonly tunnelId: string;
  readonly mode: StreamMode;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly hasBody: boolean;
  /** What may be sent before a credit comes; null: as usual. */
  readonly windowBytes: number | null;
}

export type ServerMessage =
  | { readonly type: 'HeartbeatAck'; readonly version: number }
  | {
      readonly type: 'TunnelCreated';
      readonly url: string;
      readonly subdomain: string;
      readonly remotePort: number | null;
    }
  | { readonly type: 'Error'; readonly code: string; readonly message: string }
  | { readonly type: 'Heartbeat' }
  | StreamOpenMessage
  | StreamDataMessage
  | { readonly type: 'StreamClose'; readonly streamId: number; readonly code: number | null; readonly reason: string }
  | { readonly type: 'StreamReset'; readonly streamId: number; readonly reason: string }
  | UnknownMessage;

const MODES: ReadonlySet<string> = new Set<StreamMode>(['http', 'ws', 'tcp']);

/** Throws what is no message. */
export function readServerMessage(bytes: Buffer): ServerMessage {
  const read = readMsgpack(bytes);
  if (!(read instanceof Map)) throw new MsgpackError('a message is a map');
  const map = read as ReadonlyMap<string, MsgpackRead>;
  const type = text(map, 'Type') ?? '';
  const streamId = number(map, 'stream_id') ?? -1;
  switch (type) {
    case 'StreamData':
      return streamData(map, streamId);
    case 'StreamOpen':
      return streamOpenOf(map, streamId);
    case 'StreamClose':
      return { type, streamId, code: number(map, 'code'), reason: text(map, 'reason') ?? '' };
    case 'StreamReset':
      return { type, streamId, reason: text(map, 'reason') ?? '' };
    case 'Heartbeat':
      return { type };
    case 'HeartbeatAck':
      return { type, version: number(map, 'version') ?? 1 };
    case 'TunnelCreated': {
      const [url, subdomain] = [text(map, 'url') ?? '', text(map, 'subdomain') ?? ''];
      return { type, url, subdomain, remotePort: number(map, 'remote_port') };
    }
    case 'Error':
      return { type, code: text(map, 'code') ?? '', message: text(map, 'message') ?? '' };
    default:
      return { type: 'unknown', name: type, streamId, fields: map };
  }
}

function streamOpenOf(map: ReadonlyMap<string, MsgpackRead>, streamId: number): ServerMessage {
  const mode = text(map, 'mode') ?? 'http';
  if (!MODES.has(mode)) return { type: 'unknown', name: `StreamOpen of ${mode}`, streamId, fields: map };
  return {
    type: 'StreamOpen',
    streamId,
    tunnelId: text(map, 'tunnel_id') ?? '',
    mode: mode as StreamMode,
    path: text(map, 'path') ?? '/',
    method: text(map, 'method') ?? 'GET',
    headers: pairs(map.get('headers')),
    hasBody: map.get('has_body') === true,
    windowBytes: number(map, 'window'),
  };
}
