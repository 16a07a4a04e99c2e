// The settings of an HTTP/2 connection (RFC 9113, 6.5). Rule: what the RFC sets bounds to is checked here, what is unknown is
// passed over, and of a setting that comes twice the last one counts.
import type { OutBuffer } from '../http1/writer.ts';
import {
  FLAG,
  FRAME,
  HTTP2_CODE,
  MAX_PAYLOAD_BYTES,
  MAX_WINDOW_BYTES,
  uint32At,
  writeFrameHead,
  writeUint32,
} from './frames.ts';

export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

export const SETTING_BYTES = 6;
const LARGEST_FRAME = 0xffffff;

/** Called for each setting that is as it may be; false stops. */
export type TakeSetting = (id: number, value: number) => boolean;

/** 0, or the code of the error that a setting is; `take` has had those before it. */
export function readSettings(payload: Buffer, take: TakeSetting): number {
  for (let at = 0; at < payload.length; at += SETTING_BYTES) {
    const id = (payload[at]! << 8) | payload[at + 1]!;
    const value = uint32At(payload, at + 2);
    const fault = faultOf(id, value);
    if (fault !== HTTP2_CODE.NO_ERROR) return fault;
    if (!take(id, value)) return HTTP2_CODE.FLOW_CONTROL_ERROR;
  }
  return HTTP2_CODE.NO_ERROR;
}

function faultOf(id: number, value: number): number {
  if (id === SETTING.ENABLE_PUSH && value > 1) return HTTP2_CODE.PROTOCOL_ERROR;
  if (id === SETTING.INITIAL_WINDOW_SIZE && value > MAX_WINDOW_BYTES) return HTTP2_CODE.FLOW_CONTROL_ERROR;
  const isFrameSize = id === SETTING.MAX_FRAME_SIZE;
  if (isFrameSize && (value < MAX_PAYLOAD_BYTES || value > LARGEST_FRAME)) return HTTP2_CODE.PROTOCOL_ERROR;
  return HTTP2_CODE.NO_ERROR;
}

export function writeSettings(out: OutBuffer, settings: readonly (readonly [id: number, value: number])[]): void {
  writeFrameHead(out, settings.length * SETTING_BYTES, FRAME.SETTINGS << 8, 0);
  for (const [id, value] of settings) {
    out.reserve(2);
    out.bytes[out.length] = id >> 8;
    out.bytes[out.length + 1] = id;
    out.length += 2;
    writeUint32(out, value);
  }
}

export function writeSettingsAck(out: OutBuffer): void {
  writeFrameHead(out, 0, (FRAME.SETTINGS << 8) | FLAG.ACK, 0);
}
