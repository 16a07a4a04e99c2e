// Puts bytes under the mask of a frame, or takes them out from under it, where they lie (RFC 6455, 5.3). Rule: long runs go by words of
// four bytes, whose order within a word makes no difference.
import type { Buffer } from 'node:buffer';

const WORD = 4;
/** Shorter ones are done sooner byte by byte. */
const SHORT = 32;

const turned = new Uint8Array(WORD);
const turnedWord = new Uint32Array(turned.buffer);

/** The words of the memory asked for last: most frames are put together in one place. */
let words: Uint32Array = new Uint32Array(0);

function wordsOf({ buffer }: Buffer): Uint32Array {
  if (words.buffer !== buffer) words = new Uint32Array(buffer, 0, Math.floor(buffer.byteLength / WORD));
  return words;
}

/** `turn`: how many bytes of the frame come before `from`. */
export function xorMask(bytes: Buffer, from: number, to: number, { mask, turn }: TurnedMask): void {
  if (to - from < SHORT) {
    xorBytes(bytes, from, to, { mask, turn });
    return;
  }
  const { byteOffset } = bytes;
  const wordsFrom = from + ((WORD - ((byteOffset + from) % WORD)) % WORD);
  const wordsTo = to - ((byteOffset + to) % WORD);
  xorBytes(bytes, from, wordsFrom, { mask, turn });
  for (let i = 0; i < WORD; i += 1) turned[i] = mask[(turn + wordsFrom - from + i) % WORD] ?? 0;
  const into = wordsOf(bytes);
  const [word = 0] = turnedWord;
  const end = (byteOffset + wordsTo) / WORD;
  for (let at = (byteOffset + wordsFrom) / WORD; at < end; at += 1) into[at]! ^= word;
  xorBytes(bytes, wordsTo, to, { mask, turn: turn + wordsTo - from });
}

export interface TurnedMask {
  readonly mask: Uint8Array;
  readonly turn: number;
}

function xorBytes(bytes: Buffer, from: number, to: number, { mask, turn }: TurnedMask): void {
  for (let at = from, place = turn; at < to; at += 1, place += 1) bytes[at]! ^= mask[place % WORD]!;
}
