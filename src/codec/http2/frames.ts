// The words of HTTP/2's frames (RFC 9113, sections 6 and 7), and how the small ones are written. Rule: lengths and numbers only;
// what a frame means to a connection is for whoever has the connection.
import { Buffer } from 'node:buffer';
import type { OutBuffer } from '../http1/writer.ts';

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 } as const;

export const HTTP2_CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** What a client sends first, before any frame. */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const FRAME_HEAD_BYTES = 9;
/** The largest payload that either side must take, and the largest that we take or send. */
export const MAX_PAYLOAD_BYTES = 16_384;
/** Of streams and of the connection, until somebody says otherwise. */
export const INITIAL_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES = 0x7fffffff;
export const MAX_STREAM_ID = 0x7fffffff;

/** The octet of the flags within the head of a frame. */
export const FLAGS_AT = 4;

/** `kind` is the type and the flags as they follow each other: type << 8 | flags. */
export function writeFrameHead(out: OutBuffer, length: number, kind: number, stream: number): void {
  out.reserve(FRAME_HEAD_BYTES);
  const { bytes, length: at } = out;
  bytes[at] = length >> 16;
  bytes[at + 1] = length >> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = kind >> 8;
  bytes[at + 4] = kind;
  bytes[at + 5] = stream >> 24;
  bytes[at + 6] = stream >> 16;
  bytes[at + 7] = stream >> 8;
  bytes[at + 8] = stream;
  out.length = at + FRAME_HEAD_BYTES;
}

/** The length of a frame whose head was written before it was known. */
export function setFrameLength(out: OutBuffer, headAt: number, length: number): void {
  const { bytes } = out;
  bytes[headAt] = length >> 16;
  bytes[headAt + 1] = length >> 8;
  bytes[headAt + 2] = length;
}

export function writeUint32(out: OutBuffer, value: number): void {
  out.reserve(4);
  const { bytes, length: at } = out;
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  out.length = at + 4;
}

export function writeReset(out: OutBuffer, stream: number, code: number): void {
  writeFrameHead(out, 4, FRAME.RST_STREAM << 8, stream);
  writeUint32(out, code);
}

export function writeWindowUpdate(out: OutBuffer, stream: number, increment: number): void {
  writeFrameHead(out, 4, FRAME.WINDOW_UPDATE << 8, stream);
  writeUint32(out, increment);
}

export function writeGoaway(out: OutBuffer, lastStream: number, code: number): void {
  writeFrameHead(out, 8, FRAME.GOAWAY << 8, 0);
  writeUint32(out, lastStream);
  writeUint32(out, code);
}

/** `payload`: eight octets, of which the answer to it brings the same. */
export function writePing(out: OutBuffer, flags: number, payload: Buffer, from: number): void {
  writeFrameHead(out, 8, (FRAME.PING << 8) | flags, 0);
  out.copy(payload, from, from + 8);
}

export function uint32At(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** A number whose highest bit is reserved and means nothing. */
export function uint31At(bytes: Buffer, at: number): number {
  return ((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
