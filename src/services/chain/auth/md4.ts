// MD4 (RFC 1320), which OpenSSL 3 no longer offers and NTLM cannot do without. Rule: nothing but NTLM may use it; as a hash
// it is broken.
import { Buffer } from 'node:buffer';

const BLOCK_BYTES = 64;

/** Per round: the order of the words, the shifts and the constant added. */
const ROUNDS = [
  { order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], shifts: [3, 7, 11, 19], constant: 0 },
  { order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], shifts: [3, 5, 9, 13], constant: 0x5a827999 },
  { order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], shifts: [3, 9, 11, 15], constant: 0x6ed9eba1 },
] as const;

/** How a round mixes three of the four words. */
const MIXES = [
  (x: number, y: number, z: number): number => (x & y) | (~x & z),
  (x: number, y: number, z: number): number => (x & y) | (x & z) | (y & z),
  (x: number, y: number, z: number): number => x ^ y ^ z,
] as const;

export function md4(message: Uint8Array): Buffer {
  const padded = pad(message);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let from = 0; from < padded.length; from += BLOCK_BYTES) addBlock(state, padded, from);
  const digest = Buffer.alloc(16);
  for (const [index, word] of state.entries()) digest.writeUInt32LE(word, index * 4);
  return digest;
}

/** A one bit, zeros, and the length in bits, up to a whole number of blocks. */
function pad(message: Uint8Array): Buffer {
  const blocks = Math.floor((message.length + 8) / BLOCK_BYTES) + 1;
  const padded = Buffer.alloc(blocks * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8);
  return padded;
}

function addBlock(state: Uint32Array, bytes: Buffer, from: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (const [index, { order, shifts, constant }] of ROUNDS.entries()) {
    const mix = MIXES[index] ?? MIXES[0];
    for (const [step, word] of order.entries()) {
      const sum = (a + mix(b, c, d) + bytes.readUInt32LE(from + word * 4) + constant) | 0;
      const shift = shifts[step % 4] ?? 0;
      [a, b, c, d] = [d, (sum << shift) | (sum >>> (32 - shift)), b, c];
    }
  }
  state.set([(state[0] ?? 0) + a, (state[1] ?? 0) + b, (state[2] ?? 0) + c, (state[3] ?? 0) + d]);
}
