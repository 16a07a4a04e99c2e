// Hashes of text that are the same on every machine and in every version: they decide which member a key belongs to.
// Rule: never changed, or every binding moves. Not for secrets.

/** MurmurHash3 (x86, 32 bits) of the UTF-16 units of `text`, four bytes each. */
export function hash32(text: string, seed = 0): number {
  let hash = seed | 0;
  for (let index = 0; index < text.length; index += 1) {
    let unit = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    unit = Math.imul((unit << 15) | (unit >>> 17), 0x1b873593);
    hash ^= unit;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  return finish(hash ^ (4 * text.length));
}

/** A hash of two hashes: what rendezvous hashing asks of a key and a member. */
export function mix32(key: number, member: number): number {
  return finish(key ^ Math.imul(member, 0x9e3779b1));
}

/** Spreads every bit over all others. */
function finish(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
