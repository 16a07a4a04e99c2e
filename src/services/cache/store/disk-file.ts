// How an answer lies in a file: a head of fixed length, the body, a digest of every piece of the body, and what is known of the answer. Rule:
// nothing of a file is believed that its digests do not bear out; a file that was not written to its end is not one.
import { hash } from 'node:crypto';
import type { PackedHead } from './stored-answer.ts';

/** The body is read and judged in pieces of this length. */
export const PIECE_BYTES = 65_536;
export const DIGEST_BYTES = 8;
export const FIXED_BYTES = 64;
const MAGIC = 0x534c4331;
const FIXED_DIGEST_AT = 40;

export interface FileShape {
  readonly bodyLength: number;
  readonly keyLength: number;
  readonly metaLength: number;
  readonly linesLength: number;
  /** Of what comes behind the body. */
  readonly tailDigest: Uint8Array;
}

export function digestOf(bytes: Uint8Array): Buffer {
  return hash('sha1', bytes, 'buffer').subarray(0, DIGEST_BYTES);
}

function pieceCount(bodyLength: number): number {
  return Math.ceil(bodyLength / PIECE_BYTES);
}

/** What comes behind the body. */
export function encodeTail(digests: readonly Uint8Array[], head: PackedHead): Buffer {
  return Buffer.concat([...digests, head.key, head.meta, head.lines]);
}

export function encodeFixed(bodyLength: number, head: PackedHead, tail: Uint8Array): Buffer {
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUInt32BE(MAGIC, 0);
  fixed.writeDoubleBE(bodyLength, 8);
  fixed.writeUInt32BE(head.key.length, 16);
  fixed.writeUInt32BE(head.meta.length, 20);
  fixed.writeUInt32BE(head.lines.length, 24);
  fixed.set(digestOf(tail), 28);
  fixed.set(digestOf(fixed.subarray(0, FIXED_DIGEST_AT)), FIXED_DIGEST_AT);
  return fixed;
}

/** Null: it is none of ours, or was not written to its end. */
export function decodeFixed(fixed: Buffer, fileLength: number): FileShape | null {
  if (fixed.length < FIXED_BYTES || fixed.readUInt32BE(0) !== MAGIC) return null;
  const digest = fixed.subarray(FIXED_DIGEST_AT, FIXED_DIGEST_AT + DIGEST_BYTES);
  if (!digestOf(fixed.subarray(0, FIXED_DIGEST_AT)).equals(digest)) return null;
  const shape = {
    bodyLength: fixed.readDoubleBE(8),
    keyLength: fixed.readUInt32BE(16),
    metaLength: fixed.readUInt32BE(20),
    linesLength: fixed.readUInt32BE(24),
    tailDigest: fixed.subarray(28, 28 + DIGEST_BYTES),
  };
  return fileLength === FIXED_BYTES + shape.bodyLength + tailLength(shape) ? shape : null;
}

export function tailLength({ bodyLength, keyLength, metaLength, linesLength }: Omit<FileShape, 'tailDigest'>): number {
  return pieceCount(bodyLength) * DIGEST_BYTES + keyLength + metaLength + linesLength;
}

/** Null: it is not what was written. */
export function decodeTail(shape: FileShape, tail: Buffer): { digests: Buffer; head: PackedHead } | null {
  if (tail.length !== tailLength(shape) || !digestOf(tail).equals(shape.tailDigest)) return null;
  const keyAt = pieceCount(shape.bodyLength) * DIGEST_BYTES;
  const metaAt = keyAt + shape.keyLength;
  const linesAt = metaAt + shape.metaLength;
  return {
    digests: tail.subarray(0, keyAt),
    head: { key: tail.subarray(keyAt, metaAt), meta: tail.subarray(metaAt, linesAt), lines: tail.subarray(linesAt) },
  };
}
