// Writes the head of a frame as a server sends it (RFC 6455, 5.2). Rule: a server masks nothing, and a message is one frame unless it is said to go on.
import type { Buffer } from 'node:buffer';

/** More than any head of a server has. */
export const MAX_SERVER_HEAD_BYTES = 10;

const FIN = 0x80;
const MAX_SHORT = 125;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;
const MAX_TWO_BYTES = 0xffff;

/** Into the beginning of `into`; how long it is. */
export function writeFrameHead(into: Buffer, opcode: number, length: number, isLast = true): number {
  into[0] = (isLast ? FIN : 0) | opcode;
  if (length <= MAX_SHORT) {
    into[1] = length;
    return 2;
  }
  if (length <= MAX_TWO_BYTES) {
    into[1] = TWO_BYTES;
    into.writeUInt16BE(length, 2);
    return 4;
  }
  into[1] = EIGHT_BYTES;
  into.writeBigUInt64BE(BigInt(length), 2);
  return 10;
}
