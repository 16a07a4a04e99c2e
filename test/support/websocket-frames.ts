// Frames of a WebSocket, as one side writes them (RFC 6455, 5.2), also such as nobody may write. Rule: what is not said is as in the
// simplest frame: whole, of text, without a mask.
import { Buffer } from 'node:buffer';

export interface FrameSettings {
  readonly opcode?: number;
  readonly isLast?: boolean;
  readonly rsv?: number;
  readonly mask?: Buffer;
  /** Written as 8 bytes whatever it is. */
  readonly isLong?: boolean;
}

export function frame(payload: string | Uint8Array, settings: FrameSettings = {}): Buffer {
  const { opcode = 1, isLast = true, rsv = 0, mask, isLong = false } = settings;
  const body = Buffer.from(payload as Uint8Array);
  const first = (isLast ? 0x80 : 0) | (rsv << 4) | opcode;
  const bit = mask === undefined ? 0 : 0x80;
  const masked = mask === undefined ? body : body.map((byte, at) => byte ^ mask[at % 4]!);
  return Buffer.concat([Buffer.from([first]), lengthOf(body.length, bit, isLong), mask ?? Buffer.alloc(0), masked]);
}

function lengthOf(length: number, bit: number, isLong: boolean): Buffer {
  if (length <= 125 && !isLong) return Buffer.from([bit | length]);
  if (length < 65_536 && !isLong) return Buffer.from([bit | 126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(9);
  bytes[0] = bit | 127;
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}
