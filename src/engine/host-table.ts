// Finds what belongs to a host name, exact or by wildcard, from the octets of the request: case-blind, without a string.
// Rule: `*.example.com` matches any name below example.com, however deep, and not example.com itself; the longest wins.

interface Entry<T> {
  readonly name: Uint8Array;
  readonly value: T;
  next: Entry<T> | null;
}

const DOT = 46;
const SLOTS = 256;

export class HostTable<T> {
  private readonly exact = emptyTable<T>();
  private readonly wildcard = emptyTable<T>();
  private hasExact = false;
  private hasWildcard = false;

  /** The value for a name or a `*.name`, made on first use. */
  ensure(pattern: string, create: () => T): T {
    const isWildcard = pattern.startsWith('*.');
    const name = Buffer.from((isWildcard ? pattern.slice(2) : pattern).toLowerCase(), 'latin1');
    const table = isWildcard ? this.wildcard : this.exact;
    const known = lookup(table, name, 0, name.length);
    if (known !== null) return known;
    if (isWildcard) this.hasWildcard = true;
    else this.hasExact = true;
    const slot = hash(name, 0, name.length);
    const value = create();
    table[slot] = { name, value, next: table[slot] ?? null };
    return value;
  }

  findExact(bytes: Uint8Array, from: number, to: number): T | null {
    return this.hasExact ? lookup(this.exact, bytes, from, to) : null;
  }

  /** Calls `accept` with the values of matching wildcards, the longest first, until it answers something. */
  findWildcard<R>(bytes: Uint8Array, from: number, to: number, accept: (value: T) => R | null): R | null {
    if (!this.hasWildcard) return null;
    for (let at = from + 1; at < to; at++) {
      if (bytes[at] !== DOT) continue;
      const value = lookup(this.wildcard, bytes, at + 1, to);
      const found = value === null ? null : accept(value);
      if (found !== null) return found;
    }
    return null;
  }
}

function emptyTable<T>(): (Entry<T> | null)[] {
  return Array.from({ length: SLOTS }, () => null);
}

function lower(octet: number): number {
  return octet >= 65 && octet <= 90 ? octet + 32 : octet;
}

function hash(bytes: Uint8Array, from: number, to: number): number {
  let value = to - from;
  for (let i = from; i < to; i++) value = (Math.imul(value, 31) + lower(bytes[i]!)) | 0;
  return value & (SLOTS - 1);
}

function lookup<T>(table: readonly (Entry<T> | null)[], bytes: Uint8Array, from: number, to: number): T | null {
  const length = to - from;
  for (let entry = table[hash(bytes, from, to)] ?? null; entry !== null; entry = entry.next) {
    if (entry.name.length !== length) continue;
    let i = 0;
    while (i < length && lower(bytes[from + i]!) === entry.name[i]) i++;
    if (i === length) return entry.value;
  }
  return null;
}
