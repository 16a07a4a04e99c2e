// A set of networks that is asked about the addresses of clients, which come again and again. Rule: what an address has been
// found to be is remembered, within a bound; the memory is a saving and never the truth.
import { type IpAddress, parseIp, parseIpRange } from '../../core/ip.ts';

/** Verdicts that are remembered; when there is no room for more, all are forgotten. */
const MAX_REMEMBERED = 4096;

/** Networks of one family and one length, by their leading bits. */
interface Length {
  readonly family: 4 | 6;
  readonly prefixBits: number;
  readonly prefixes: Set<string>;
}

export class AddressRanges {
  readonly isEmpty: boolean;
  readonly #lengths: Length[] = [];
  readonly #remembered = new Map<string, boolean>();

  /** Networks and single addresses, as in the configuration. */
  constructor(ranges: readonly string[]) {
    this.isEmpty = ranges.length === 0;
    for (const text of ranges) this.#add(text);
  }

  /** What is not an address lies in no network. */
  has(address: string): boolean {
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    const found = this.#find(address);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(address, found);
    return found;
  }

  #add(text: string): void {
    const range = parseIpRange(text);
    if (range === undefined) throw new TypeError(`not a network: ${text}`);
    const { address, prefixBits } = range;
    const isSame = (each: Length): boolean => each.family === address.family && each.prefixBits === prefixBits;
    let length = this.#lengths.find(isSame);
    if (length === undefined) {
      length = { family: address.family, prefixBits, prefixes: new Set() };
      this.#lengths.push(length);
    }
    length.prefixes.add(prefixOf(address, prefixBits));
  }

  #find(text: string): boolean {
    const address = parseIp(text);
    if (address === undefined) return false;
    return this.#lengths.some(
      ({ family, prefixBits, prefixes }) => family === address.family && prefixes.has(prefixOf(address, prefixBits)),
    );
  }
}

/** The first bits of an address, as a key. */
function prefixOf({ bytes }: IpAddress, bits: number): string {
  const whole = bits >> 3;
  const rest = bits & 7;
  const last = rest === 0 ? [] : [(bytes[whole] ?? 0) & (0xff << (8 - rest))];
  return String.fromCharCode(...bytes.subarray(0, whole), ...last);
}
