// What the third version of the messages of a tunnel adds, alike from both sides: credits for what has been written, the end of one
// direction, figures, how a local server does, and notice of an end. Rule: none of it changes what an earlier message means.
import type { Buffer } from 'node:buffer';
import type { MsgpackRead } from '../msgpack/read-msgpack.ts';
import { message, number, pairs, text, type UnknownMessage } from './messages.ts';

/** What either side may send of each direction of a stream before it has heard of credits. */
export const FIRST_WINDOW_BYTES: number = 256 * 1024;

type FieldPairs = readonly (readonly [name: string, value: string])[];

export interface StreamCreditMessage {
  readonly type: 'StreamCredit';
  readonly streamId: number;
  readonly bytes: number;
}

/** Whoever says it has more to send than it may. */
export interface StreamBlockedMessage {
  readonly type: 'StreamBlocked';
  readonly streamId: number;
}

/** Nothing more comes from whoever says it; it still listens. */
export interface StreamEndMessage {
  readonly type: 'StreamEnd';
  readonly streamId: number;
  readonly trailers: FieldPairs;
}

/** The figures of a connection as its server counts them. */
export interface StatsFields {
  readonly streams: number;
  readonly streamsTotal: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** null: it is not known yet. */
  readonly roundTripMs: number | null;
}

export interface StatsMessage extends StatsFields {
  readonly type: 'Stats';
}

/** The server is going: the client connects anew, and streams that run may end. */
export interface DrainMessage {
  readonly type: 'Drain';
  readonly reason: string;
}

/** Whether the local server behind a tunnel is fit for visitors: where others have the name as well, they come to those. */
export interface TunnelHealthMessage {
  readonly type: 'TunnelHealth';
  readonly tunnelId: string;
  readonly isHealthy: boolean;
}

export type FlowMessage =
  | StreamCreditMessage
  | StreamBlockedMessage
  | StreamEndMessage
  | StatsMessage
  | DrainMessage
  | TunnelHealthMessage;

/** null: it is none of these. */
export function flowMessageOf({ name: type, streamId, fields: map }: UnknownMessage): FlowMessage | null {
  switch (type) {
    case 'StreamCredit':
      return { type, streamId, bytes: Math.max(0, number(map, 'bytes') ?? 0) };
    case 'StreamBlocked':
      return { type, streamId };
    case 'StreamEnd':
      return { type, streamId, trailers: pairs(map.get('trailers')) };
    case 'Drain':
      return { type, reason: text(map, 'reason') ?? '' };
    case 'TunnelHealth':
      return { type, tunnelId: text(map, 'tunnel_id') ?? '', isHealthy: map.get('healthy') === true };
    case 'Stats':
      return { type, ...statsOf(map) };
    default:
      return null;
  }
}

function statsOf(map: ReadonlyMap<string, MsgpackRead>): StatsFields {
  const roundTrip = map.get('round_trip_ms');
  return {
    streams: number(map, 'streams') ?? 0,
    streamsTotal: number(map, 'streams_total') ?? 0,
    bytesReceived: number(map, 'bytes_received') ?? 0,
    bytesSent: number(map, 'bytes_sent') ?? 0,
    roundTripMs: typeof roundTrip === 'number' ? roundTrip : null,
  };
}

export function streamCredit(streamId: number, bytes: number): Buffer {
  return message('StreamCredit', { stream_id: streamId, bytes });
}

export function streamBlocked(streamId: number): Buffer {
  return message('StreamBlocked', { stream_id: streamId });
}

export function streamEnd(streamId: number, trailers: FieldPairs): Buffer {
  return message('StreamEnd', { stream_id: streamId, trailers: trailers.length === 0 ? undefined : trailers });
}

export function stats(figures: StatsFields): Buffer {
  const { streams, streamsTotal, bytesReceived, bytesSent, roundTripMs } = figures;
  return message('Stats', {
    streams,
    streams_total: streamsTotal,
    bytes_received: bytesReceived,
    bytes_sent: bytesSent,
    round_trip_ms: roundTripMs === null ? undefined : Math.round(roundTripMs * 10) / 10,
  });
}

export function drain(reason: string): Buffer {
  return message('Drain', { reason });
}

export function tunnelHealth(tunnelId: string, isHealthy: boolean): Buffer {
  return message('TunnelHealth', { tunnel_id: tunnelId, healthy: isHealthy });
}
