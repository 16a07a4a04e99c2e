// The Huffman code of HPACK (RFC 7541, appendix B). Rule: text is decoded four bits at a time through one table, and what is
// padded in another way than the RFC says is no text.
import { Buffer } from 'node:buffer';
import type { OutBuffer } from '../http1/writer.ts';

/**
 * How many bits each octet takes, the end of a string as the last one. The code is canonical: the codes of one length follow
 * each other, so that the lengths are all there is to know.
 */
const LENGTHS: readonly number[] = [
  [13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28],
  [28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12],
  [10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6],
  [5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22],
  [22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20],
  [22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  [26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28],
  [27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28],
  [27, 27, 27, 27, 27, 26, 30],
].flat();

const END = 256;
const bits = new Uint8Array(LENGTHS);
const codes: Uint32Array = canonicalCodes();

function canonicalCodes(): Uint32Array {
  const order = LENGTHS.map((_, symbol) => symbol).sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b);
  const found = new Uint32Array(LENGTHS.length);
  let code = 0;
  let length = LENGTHS[order[0]!]!;
  for (const symbol of order) {
    code = code * 2 ** (LENGTHS[symbol]! - length);
    length = LENGTHS[symbol]!;
    found[symbol] = code;
    code += 1;
  }
  return found;
}

// A state is a place within a code, and each step takes four bits: which state follows, and which octet is complete then, if any.
// No code is shorter than five bits, so that a step completes one octet at most.
const NIBBLE = 4;
const COMPLETE = 0x100;
const FAULT = 0x200;
const STATE_SHIFT = 16;
const STATES = 256;
const steps: Uint32Array = new Uint32Array(STATES << NIBBLE);
/** States in which a string may end: at most seven bits of ones have been read since the last octet. */
const mayEnd: Uint8Array = new Uint8Array(STATES);
fillSteps();

function fillSteps(): void {
  const tree = codeTree();
  for (let state = 0; state < STATES; state++) {
    for (let nibble = 0; nibble < 1 << NIBBLE; nibble++)
      steps[(state << NIBBLE) | nibble] = stepFrom(tree, state, nibble);
  }
  for (let state = 0, read = 0; read < 8; read++) {
    mayEnd[state] = 1;
    state = tree[state * 2 + 1]!;
  }
}

/** Two branches for each state: another state, or ~symbol. */
function codeTree(): Int16Array {
  const tree = new Int16Array(STATES * 2);
  let states = 1;
  for (let symbol = 0; symbol <= END; symbol++) {
    let state = 0;
    for (let bit = bits[symbol]! - 1; bit > 0; bit--) {
      const branch = state * 2 + ((codes[symbol]! >>> bit) & 1);
      if (tree[branch] === 0) tree[branch] = states++;
      state = tree[branch]!;
    }
    tree[state * 2 + (codes[symbol]! & 1)] = ~symbol;
  }
  return tree;
}

function stepFrom(tree: Int16Array, from: number, nibble: number): number {
  let state = from;
  let found = 0;
  for (let bit = NIBBLE - 1; bit >= 0; bit--) {
    const next = tree[state * 2 + ((nibble >> bit) & 1)]!;
    if (~next === END) return FAULT;
    if (next < 0) found = COMPLETE | ~next;
    state = next < 0 ? 0 : next;
  }
  return (state << STATE_SHIFT) | found;
}

/** Node's own, quicker than toString('latin1', …), but without a type. */
interface Latin1Reader {
  latin1Slice(from: number, to: number): string;
}

/** Text that nobody has compressed: each octet is a character. */
export function latin1Text(bytes: Buffer, from: number, to: number): string {
  return (bytes as Buffer & Latin1Reader).latin1Slice(from, to);
}

/** What is decoded lies here until the next call. */
let scratch: Buffer = Buffer.allocUnsafeSlow(4096);
/** No code is shorter. */
const SHORTEST_BITS = 5;

/** The text that the octets stand for, as latin1; null when they stand for none. */
export function huffmanText(bytes: Buffer, from: number, to: number): string | null {
  const most = Math.ceil(((to - from) * 8) / SHORTEST_BITS);
  if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(most * 2);
  const text = scratch;
  let length = 0;
  let state = 0;
  for (let at = from; at < to; at++) {
    const octet = bytes[at]!;
    let step = steps[(state << NIBBLE) | (octet >> 4)]!;
    if ((step & COMPLETE) !== 0) text[length++] = step;
    let fault = step;
    step = steps[((step >>> STATE_SHIFT) << NIBBLE) | (octet & 15)]!;
    if ((step & COMPLETE) !== 0) text[length++] = step;
    fault |= step;
    if ((fault & FAULT) !== 0) return null;
    state = step >>> STATE_SHIFT;
  }
  return mayEnd[state] === 1 ? latin1Text(text, 0, length) : null;
}

/** How many octets the text takes. */
export function huffmanLength(text: string): number {
  let total = 7;
  for (let at = 0; at < text.length; at++) total += bits[text.charCodeAt(at) & 0xff]!;
  return total >> 3;
}

/** Beyond so many bits at once, a code does not fit beside what is left of the one before. */
const HALF = 16;
const MOST_AT_ONCE = 24;

export function writeHuffman(out: OutBuffer, text: string, octets: number): void {
  out.reserve(octets);
  const { bytes } = out;
  let free = out.length;
  let held = 0;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const symbol = text.charCodeAt(at) & 0xff;
    let code = codes[symbol]!;
    let size = bits[symbol]!;
    if (size > MOST_AT_ONCE) {
      held = (held << (size - HALF)) | (code >>> HALF);
      count += size - HALF;
      for (; count >= 8; count -= 8) bytes[free++] = held >>> (count - 8);
      code &= 0xffff;
      size = HALF;
    }
    held = ((held & 0xff) << size) | code;
    count += size;
    for (; count >= 8; count -= 8) bytes[free++] = held >>> (count - 8);
  }
  if (count > 0) bytes[free++] = (held << (8 - count)) | (0xff >> count);
  out.length = free;
}
