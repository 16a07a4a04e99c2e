// Finds what belongs to a host name, exact or by wildcard, from the octets of the request: case-blind, without a string.
// Rule: `*.example.com` matches any name below example.com, however deep, and not example.com itself; the longest wins.

interface Entry<T> {
  readonly name: Uint8Array;
  readonly value: T;
  next: Entry<T> | null;
}

const DOT = 46;
const FIRST_SLOTS = 16;

export class HostTable<T> {
  private readonly exact = new NameTable<T>();
  private readonly wildcard = new NameTable<T>();

  /** The value for a name or a `*.name`, made on first use. */
  ensure(pattern: string, create: () => T): T {
    const isWildcard = pattern.startsWith('*.');
    const name = Buffer.from((isWildcard ? pattern.slice(2) : pattern).toLowerCase(), 'latin1');
    const table = isWildcard ? this.wildcard : this.exact;
    return table.find(name, 0, name.length) ?? table.add(name, create());
  }

  findExact(bytes: Uint8Array, from: number, to: number): T | null {
    return this.exact.find(bytes, from, to);
  }

  /** Calls `accept` with the values of matching wildcards, the longest first, until it answers something. */
  findWildcard<R>(bytes: Uint8Array, from: number, to: number, accept: (value: T) => R | null): R | null {
    if (this.wildcard.count === 0) return null;
    for (let at = from + 1; at < to; at++) {
      if (bytes[at] !== DOT) continue;
      const value = this.wildcard.find(bytes, at + 1, to);
      const found = value === null ? null : accept(value);
      if (found !== null) return found;
    }
    return null;
  }
}

/** A hash table that has at least as many slots as names. */
class NameTable<T> {
  count = 0;
  private slots = emptySlots<T>(FIRST_SLOTS);

  find(bytes: Uint8Array, from: number, to: number): T | null {
    if (this.count === 0) return null;
    const length = to - from;
    let entry = this.slots[this.slotOf(bytes, from, to)] ?? null;
    for (; entry !== null; entry = entry.next) {
      if (entry.name.length !== length) continue;
      let i = 0;
      while (i < length && lower(bytes[from + i]!) === entry.name[i]) i++;
      if (i === length) return entry.value;
    }
    return null;
  }

  /** A name in lower case that is not there yet. */
  add(name: Uint8Array, value: T): T {
    this.count++;
    if (this.count > this.slots.length) this.grow();
    this.insert({ name, value, next: null });
    return value;
  }

  private grow(): void {
    const before = this.slots;
    this.slots = emptySlots(before.length * 2);
    for (const first of before) {
      for (let entry = first; entry !== null;) {
        const { next } = entry;
        this.insert(entry);
        entry = next;
      }
    }
  }

  private insert(entry: Entry<T>): void {
    const slot = this.slotOf(entry.name, 0, entry.name.length);
    entry.next = this.slots[slot] ?? null;
    this.slots[slot] = entry;
  }

  private slotOf(bytes: Uint8Array, from: number, to: number): number {
    let value = to - from;
    for (let i = from; i < to; i++) value = (Math.imul(value, 31) + lower(bytes[i]!)) | 0;
    return value & (this.slots.length - 1);
  }
}

function emptySlots<T>(count: number): (Entry<T> | null)[] {
  return Array.from({ length: count }, () => null);
}

function lower(octet: number): number {
  return octet >= 65 && octet <= 90 ? octet + 32 : octet;
}
