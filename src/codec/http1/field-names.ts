// Which known field the bytes name, compared case-blind.
// Rule: the hash only chooses whom to compare with; a number is given after every octet has been compared.
import { FIELD } from './head.ts';
import { TOKEN } from './octets.ts';

const SLOTS = 256;
const names: Uint8Array[] = [new Uint8Array(0)];
/** FIRST[hash] is the first candidate, NEXT[candidate] the one after it; 0 ends the chain. */
const FIRST: Uint8Array = new Uint8Array(SLOTS);
const NEXT: Uint8Array = new Uint8Array(256);

for (const [key, id] of Object.entries(FIELD)) {
  if (id === FIELD.OTHER) continue;
  const name = Uint8Array.from(key.toLowerCase().replaceAll('_', '-'), (character) => character.charCodeAt(0));
  names[id] = name;
  const slot = hash(name.length, name[0]!, name[name.length - 1]!);
  NEXT[id] = FIRST[slot]!;
  FIRST[slot] = id;
}

function hash(length: number, first: number, last: number): number {
  return (length + first * 16 + last * 9) & (SLOTS - 1);
}

/** The FIELD number of the token bytes[from, to), 0 if the name is not a known one. */
export function fieldId(bytes: Buffer, from: number, to: number): number {
  const length = to - from;
  let id = FIRST[hash(length, TOKEN[bytes[from]!]!, TOKEN[bytes[to - 1]!]!)]!;
  while (id !== 0) {
    const name = names[id]!;
    if (name.length === length) {
      let i = 0;
      while (i < length && TOKEN[bytes[from + i]!] === name[i]) i++;
      if (i === length) return id;
    }
    id = NEXT[id]!;
  }
  return FIELD.OTHER;
}
