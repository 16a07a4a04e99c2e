// IP addresses and ranges as values. Rule: an IPv4 address is the same value however it was spelled, also when it came
// inside IPv6 (::ffff:a.b.c.d), so that no range test can be walked round by spelling.

export interface IpAddress {
  readonly family: 4 | 6;
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array;
}

export interface IpRange {
  readonly address: IpAddress;
  readonly prefixBits: number;
}

/** Reads the strict spellings only: four decimal numbers, or IPv6 (a zone such as %eth0 is allowed and not kept). */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/**
 * Reads what inet_aton and browsers take for IPv4: one to four parts, each decimal, octal (0…) or hexadecimal (0x…), the
 * last one filling the rest; a trailing dot is ignored. For recognising such spellings, not for accepting them.
 */
export function parseLooseIpv4(text: string): IpAddress | undefined {
  const parts = (text.endsWith('.') ? text.slice(0, -1) : text).split('.');
  if (parts.length > 4) return undefined;
  const numbers = parts.map(parseLooseNumber);
  const last = numbers.pop() ?? NaN;
  // With fewer than four parts the last one fills the bytes that are left.
  if (numbers.some((number) => !(number <= 255)) || !(last < 256 ** (4 - numbers.length))) return undefined;
  const value = numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last);
  return { family: 4, bytes: Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value) };
}

/** The canonical spelling: dotted decimal, or IPv6 as RFC 5952 has it. */
export function formatIp(address: IpAddress): string {
  if (address.family === 4) return address.bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => groupAt(address.bytes, index));
  const { at, length } = longestZeroRun(groups);
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return length < 2 ? hex(0, 8) : `${hex(0, at)}::${hex(at + length, 8)}`;
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address. Bits beyond the prefix are ignored, as routers do. */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/');
  const address = parseIp(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined || text.includes('%')) return undefined;
  const maxBits = address.bytes.length * 8;
  if (slash === -1) return { address, prefixBits: maxBits };
  const bitsText = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(bitsText)) return undefined;
  // A range of mapped addresses is the IPv4 range that it stands for.
  const mapped = address.family === 4 && text.includes(':') ? 96 : 0;
  const prefixBits = Number(bitsText) - mapped;
  return prefixBits < 0 || prefixBits > maxBits ? undefined : { address, prefixBits };
}

export function rangeContains(range: IpRange, address: IpAddress): boolean {
  if (range.address.family !== address.family) return false;
  const whole = range.prefixBits >> 3;
  for (let index = 0; index < whole; index += 1) {
    if (range.address.bytes[index] !== address.bytes[index]) return false;
  }
  const rest = range.prefixBits & 7;
  if (rest === 0) return true;
  const mask = (0xff00 >> rest) & 0xff;
  return ((range.address.bytes[whole] ?? 0) & mask) === ((address.bytes[whole] ?? 0) & mask);
}

export function rangesContain(ranges: readonly IpRange[], address: IpAddress): boolean {
  return ranges.some((range) => rangeContains(range, address));
}

export function isLoopback(address: IpAddress): boolean {
  return rangesContain(LOOPBACK, address);
}

/** 0.0.0.0 and ::, which mean "every address" when listening and "this machine" when connecting. */
export function isUnspecified(address: IpAddress): boolean {
  return address.bytes.every((byte) => byte === 0);
}

/**
 * Not an address of the public internet: loopback, private, link-local, shared, documentation, multicast, reserved, or an
 * IPv6 address that carries such an IPv4 address (NAT64, 6to4, IPv4-compatible). From the IANA special-purpose registries.
 */
export function isPrivate(address: IpAddress): boolean {
  if (rangesContain(NOT_PUBLIC, address)) return true;
  const inner = embeddedIpv4(address);
  return inner !== undefined && rangesContain(NOT_PUBLIC, inner);
}

const LOOPBACK = ranges('127.0.0.0/8', '::1');

const NOT_PUBLIC = [
  ...ranges('0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'),
  ...ranges('192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'),
  ...ranges('198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'),
  ...ranges('::/128', '::1/128', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '3fff::/20'),
  ...ranges('5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'),
];

/** Where the four bytes stand in the IPv6 ranges that carry an IPv4 address. */
const EMBEDDING = [
  { range: requireRange('64:ff9b::/96'), at: 12 },
  { range: requireRange('2002::/16'), at: 2 },
  { range: requireRange('::/96'), at: 12 },
];

/** The IPv4 address inside an IPv6 one of NAT64, 6to4 or the old compatible form. */
export function embeddedIpv4(address: IpAddress): IpAddress | undefined {
  const found = EMBEDDING.find(({ range }) => rangeContains(range, address));
  return found && { family: 4, bytes: address.bytes.subarray(found.at, found.at + 4) };
}

function ranges(...texts: string[]): IpRange[] {
  return texts.map(requireRange);
}

function requireRange(text: string): IpRange {
  const range = parseIpRange(text);
  if (range === undefined) throw new TypeError(`not an IP range: ${text}`);
  return range;
}

function parseIpv4(text: string): IpAddress | undefined {
  const match = /^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$/.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1);
  // A leading zero means octal to some readers and nothing to others.
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return undefined;
  return { family: 4, bytes: Uint8Array.from(parts, Number) };
}

function parseIpv6(text: string): IpAddress | undefined {
  const match = /^([0-9a-f:.]{2,45})(?:%[0-9a-z._~-]{1,32})?$/i.exec(text);
  if (match === null) return undefined;
  const [before = '', after, ...more] = (match[1] ?? '').split('::');
  const head = parseGroups(before, after === undefined);
  const tail = parseGroups(after ?? '', true);
  if (head === undefined || tail === undefined || more.length > 0) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group of zeros.
  if (after === undefined ? missing !== 0 : missing < 2) return undefined;
  return unmapped(Uint8Array.from([...head, ...Array<number>(missing).fill(0), ...tail]));
}

/** The bytes of `a:b:c`; at the end of an address the last group may be dotted IPv4. */
function parseGroups(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const dotted = atEnd && index === groups.length - 1 && group.includes('.') ? parseIpv4(group) : undefined;
    if (dotted !== undefined) bytes.push(...dotted.bytes);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

function unmapped(bytes: Uint8Array): IpAddress {
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return isMapped ? { family: 4, bytes: bytes.slice(12) } : { family: 6, bytes };
}

function parseLooseNumber(part: string): number {
  if (/^0x[0-9a-f]*$/i.test(part)) return part.length === 2 ? 0 : Number(part);
  if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8);
  return /^[1-9][0-9]*$/.test(part) ? Number(part) : NaN;
}

function groupAt(bytes: Uint8Array, index: number): number {
  return (bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0);
}

function longestZeroRun(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  let run = 0;
  for (const [index, group] of groups.entries()) {
    run = group === 0 ? run + 1 : 0;
    if (run > best.length) best = { at: index - run + 1, length: run };
  }
  return best;
}
