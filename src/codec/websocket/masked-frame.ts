// Writes the frames of a WebSocket as a client does, each under a mask (RFC 6455, 5.3). Rule: whoever writes brings a mask that nobody
// could foresee, another one for each frame.
import { Buffer } from 'node:buffer';
import type { OutBuffer } from '../http1/writer.ts';
import { xorMask } from './mask.ts';
import { MAX_SERVER_HEAD_BYTES, writeFrameHead } from './frame-writer.ts';

export interface MaskedFrame {
  readonly opcode: number;
  readonly isLast: boolean;
  /** Four bytes. */
  readonly mask: Uint8Array;
}

export interface FramePart {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

const MASKED = 0x80;
/** Before it is copied. */
const frameHead = Buffer.alloc(MAX_SERVER_HEAD_BYTES);

/** A frame of `head` and a part of other bytes; both may be reused at once. */
export function writeMaskedFrame(
  out: OutBuffer,
  { opcode, isLast, mask }: MaskedFrame,
  head: Buffer,
  part: FramePart,
): void {
  const length = head.length + part.to - part.from;
  const headLength = writeFrameHead(frameHead, opcode, length, isLast);
  frameHead[1]! |= MASKED;
  out.copy(frameHead, 0, headLength);
  out.reserve(mask.length + length);
  out.bytes.set(mask, out.length);
  out.length += mask.length;
  putMasked(out, { bytes: head, from: 0, to: head.length }, mask, 0);
  putMasked(out, part, mask, head.length);
}

/** `turn`: how many bytes of the frame came before. */
function putMasked(out: OutBuffer, { bytes, from, to }: FramePart, mask: Uint8Array, turn: number): void {
  const start = out.length;
  out.copy(bytes, from, to);
  xorMask(out.bytes, start, out.length, { mask, turn });
}

/** A Close with its code, and why, cut to what it may be long. */
export function closePayload(code: number, reason: string): Buffer {
  let text = reason;
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1);
  const payload = Buffer.alloc(2 + Buffer.byteLength(text));
  payload.writeUInt16BE(code, 0);
  payload.write(text, 2);
  return payload;
}

const MAX_REASON_BYTES = 123;

/** Codes that may stand in a Close (RFC 6455, 7.4). */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
