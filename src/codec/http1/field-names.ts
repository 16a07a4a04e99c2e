// Which known field the bytes name, compared case-blind, octet by octet or, on the hot path, in words of four.
// Rule: the hash only chooses whom to compare with; a number is given after every octet has been compared.
import { FIELD } from './head.ts';
import { LOWER_CASE } from './octet-words.ts';

const SLOTS = 256;
const WORD = 4;
/** The one name with that hash, 0 for none. */
const CANDIDATE: Uint8Array = new Uint8Array(SLOTS);
const LENGTH: Uint8Array = new Uint8Array(256);
/** Where the name begins in OCTETS, and its words in WORDS: whole ones from its beginning, then its last four octets. */
const OCTETS_FROM: Uint16Array = new Uint16Array(256);
const WORDS_FROM: Uint16Array = new Uint16Array(256);
const OCTETS: Uint8Array = new Uint8Array(1024);
const WORDS: Int32Array = new Int32Array(1024);

fillTables();

function fillTables(): void {
  let octets = 0;
  let words = 0;
  for (const [key, id] of Object.entries(FIELD)) {
    if (id === FIELD.OTHER) continue;
    const name = Buffer.from(key.toLowerCase().replaceAll('_', '-'), 'latin1');
    const slot = hash(name.length, name[0]!, name[name.length - 1]!);
    if (CANDIDATE[slot] !== 0) throw new Error(`two field names share a slot, choose another hash: ${key}`);
    CANDIDATE[slot] = id;
    LENGTH[id] = name.length;
    OCTETS_FROM[id] = octets;
    WORDS_FROM[id] = words;
    OCTETS.set(name, octets);
    octets += name.length;
    if (name.length < WORD) continue;
    for (let at = 0; at + WORD <= name.length; at += WORD) WORDS[words++] = name.readInt32LE(at);
    WORDS[words++] = name.readInt32LE(name.length - WORD);
  }
}

/** `first` and `last` are the outer octets in lower case. The factors leave every known name a slot of its own. */
function hash(length: number, first: number, last: number): number {
  return (length + first * 16 + last * 9) & (SLOTS - 1);
}

function candidate(bytes: Buffer, from: number, to: number): number {
  const length = to - from;
  const id = CANDIDATE[hash(length, bytes[from]! | 0x20, bytes[to - 1]! | 0x20)]!;
  return LENGTH[id] === length ? id : FIELD.OTHER;
}

/** The FIELD number of the token bytes[from, to), 0 if the name is not a known one. */
export function fieldId(bytes: Buffer, from: number, to: number): number {
  const id = candidate(bytes, from, to);
  return id !== FIELD.OTHER && octetsEqual(bytes, from, to, id) ? id : FIELD.OTHER;
}

/** The same for a name of which is only known that it holds no control and nothing but ASCII. That is enough: a known
 *  name consists of letters, digits and `-`, and what setting the bit 0x20 makes equal to a digit or to `-` is a control. */
export function fieldIdOfWords(view: DataView, bytes: Buffer, from: number, to: number): number {
  const id = candidate(bytes, from, to);
  if (id === FIELD.OTHER) return id;
  const last = to - WORD;
  if (last < from) return octetsEqual(bytes, from, to, id) ? id : FIELD.OTHER;
  let word = WORDS_FROM[id]!;
  for (let at = from; at <= last; at += WORD) {
    if ((view.getInt32(at, true) | LOWER_CASE) !== WORDS[word]) return FIELD.OTHER;
    word++;
  }
  return (view.getInt32(last, true) | LOWER_CASE) === WORDS[word] ? id : FIELD.OTHER;
}

function octetsEqual(bytes: Buffer, from: number, to: number, id: number): boolean {
  let octet = OCTETS_FROM[id]!;
  for (let at = from; at < to; at++) {
    if ((bytes[at]! | 0x20) !== OCTETS[octet]) return false;
    octet++;
  }
  return true;
}
