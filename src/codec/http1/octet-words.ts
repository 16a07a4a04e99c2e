// Looks at four octets at once, as one 32-bit word, lowest octet first. Proof that it pays: bench/http1-parse.ts.
// Rule: a mask has the top bit of an octet set when that octet is wanted; only the lowest set bit is exact, for a borrow
// can run into the octets above it. So look at the lowest one, step over it and ask again.

/** Makes the top bit of each octet the answer. */
const TOPS = 0x80808080 | 0;
const ONES = 0x01010101;
const SPACES = 0x20202020;
const COLONS = 0x3a3a3a3a;

/** Setting this bit turns upper case into lower case. It makes other octets alike too: see fieldIdOfWords(). */
export const LOWER_CASE: number = SPACES;

let lastBytes: Buffer | null = null;
let lastView: DataView = new DataView(new ArrayBuffer(0));

/** A view of the buffer for reading words. Sockets read into one shared buffer, so it is nearly always the last one again. */
export function viewOf(bytes: Buffer): DataView {
  if (bytes !== lastBytes) {
    lastBytes = bytes;
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return lastView;
}

/** Octets that end a run of plain text: controls, DEL and whatever is not ASCII. */
export function endsText(word: number): number {
  return ((word - SPACES) | (word + ONES) | word) & TOPS;
}

/** Octets that end a field name: the colon, and what must not stand in front of it: controls and what is not ASCII. */
export function endsName(word: number): number {
  const zeroAtColon = word ^ COLONS;
  return (((zeroAtColon - ONES) & ~zeroAtColon) | (word - SPACES) | word) & TOPS;
}

/** Which octet of the word the lowest bit of the mask belongs to. */
export function firstOf(mask: number): number {
  return (31 - Math.clz32(mask & -mask)) >> 3;
}
