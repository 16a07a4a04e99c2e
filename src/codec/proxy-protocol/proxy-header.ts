// The PROXY protocol, versions 1 and 2: the head by which a balancer in front says whose connection this is.
// Rule: a head is understood whole or refused; nothing after its last byte is touched.
import { Buffer } from 'node:buffer';
import { parsePort } from '../../core/address.ts';
import { formatIp, parseIp, type IpAddress } from '../../core/ip.ts';
import { crc32c } from './crc32c.ts';

export interface ProxyHeader {
  readonly version: 1 | 2;
  /** How many bytes the head took; what follows belongs to the connection. */
  readonly length: number;
  /** Null: the sender speaks for itself (a health check), or the ends are not TCP. The connection's own addresses count. */
  readonly ends: ProxiedEnds | null;
}

export interface ProxiedEnds {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

/** `reason` completes "the PROXY head is not valid: ". */
export interface InvalidProxyHeader {
  readonly invalid: string;
}

/** Nothing longer is ever valid here: version 1 ends within 107 bytes, and version 2 carries few extra fields. */
export const MAX_PROXY_HEADER_BYTES = 4096;

const SIGNATURE_V1 = Buffer.from('PROXY ', 'latin1');
const SIGNATURE_V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const MAX_V1_BYTES = 107;
const V2_FIXED_BYTES = 16;
const FAMILY_INET = 1;
const FAMILY_INET6 = 2;
const FAMILY_UNIX = 3;
const TRANSPORT_STREAM = 1;
const TYPE_CRC32C = 3;

/** Reads the head at the start of `bytes`; undefined = it is good so far, come back with more (and the same) bytes. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | InvalidProxyHeader | undefined {
  if (startsLike(bytes, SIGNATURE_V2)) return bytes.length < V2_FIXED_BYTES ? undefined : parseV2(bytes);
  if (startsLike(bytes, SIGNATURE_V1)) return bytes.length < SIGNATURE_V1.length ? undefined : parseV1(bytes);
  return { invalid: 'it does not begin with a PROXY signature' };
}

/** Writes a version 1 head; without ends, or when they are of two families, it says UNKNOWN. */
export function formatProxyHeaderV1(ends: ProxiedEnds | null): Buffer {
  const pair = ends && addressPair(ends);
  if (!ends || !pair) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
  const [source, destination] = pair;
  const family = source.family === 4 ? 'TCP4' : 'TCP6';
  const line = `PROXY ${family} ${formatIp(source)} ${formatIp(destination)} ${ends.sourcePort} ${ends.destinationPort}\r\n`;
  return Buffer.from(line, 'latin1');
}

/** Writes a version 2 head; without ends, or when they are of two families, it says LOCAL. */
export function formatProxyHeaderV2(ends: ProxiedEnds | null): Buffer {
  const pair = ends && addressPair(ends);
  if (!ends || !pair) return Buffer.concat([SIGNATURE_V2, Buffer.of(0x20, 0, 0, 0)]);
  const [source, destination] = pair;
  const family = source.family === 4 ? FAMILY_INET : FAMILY_INET6;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(ends.sourcePort, 0);
  ports.writeUInt16BE(ends.destinationPort, 2);
  const fixed = Buffer.of(0x21, (family << 4) | TRANSPORT_STREAM, 0, source.bytes.length * 2 + ports.length);
  return Buffer.concat([SIGNATURE_V2, fixed, source.bytes, destination.bytes, ports]);
}

function addressPair(ends: ProxiedEnds): [IpAddress, IpAddress] | undefined {
  const source = parseIp(ends.sourceAddress);
  const destination = parseIp(ends.destinationAddress);
  return source && destination && source.family === destination.family ? [source, destination] : undefined;
}

function startsLike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
}

function parseV1(bytes: Buffer): ProxyHeader | InvalidProxyHeader | undefined {
  const end = bytes.subarray(0, MAX_V1_BYTES).indexOf('\n');
  if (end === -1) return bytes.length < MAX_V1_BYTES ? undefined : { invalid: 'its line is longer than 107 bytes' };
  if (bytes[end - 1] !== 0x0d) return { invalid: 'its line does not end with CR LF' };
  const length = end + 1;
  const line = bytes.toString('latin1', SIGNATURE_V1.length, end - 1);
  // Whatever follows UNKNOWN is to be ignored.
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) return { version: 1, length, ends: null };
  const [protocol, from = '', to = '', fromPort = '', toPort = '', ...more] = line.split(' ');
  if ((protocol !== 'TCP4' && protocol !== 'TCP6') || more.length > 0) return { invalid: 'its line is malformed' };
  const source = parseIpOf(protocol, from);
  const destination = parseIpOf(protocol, to);
  if (source === undefined || destination === undefined) return { invalid: 'an address in it is malformed' };
  const sourcePort = parseStrictPort(fromPort);
  const destinationPort = parseStrictPort(toPort);
  if (sourcePort === -1 || destinationPort === -1) return { invalid: 'a port in it is malformed' };
  return {
    version: 1,
    length,
    ends: { sourceAddress: source, sourcePort, destinationAddress: destination, destinationPort },
  };
}

function parseIpOf(protocol: 'TCP4' | 'TCP6', text: string): string | undefined {
  const fits = text.includes(':') === (protocol === 'TCP6') && !text.includes('%');
  const address = fits ? parseIp(text) : undefined;
  return address && formatIp(address);
}

function parseStrictPort(text: string): number {
  return text.length > 1 && text.startsWith('0') ? -1 : parsePort(text, true);
}

function parseV2(bytes: Buffer): ProxyHeader | InvalidProxyHeader | undefined {
  const versionAndCommand = bytes.readUInt8(12);
  const familyAndTransport = bytes.readUInt8(13);
  const length = V2_FIXED_BYTES + bytes.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2) return { invalid: 'its version is not 2' };
  const command = versionAndCommand & 0x0f;
  if (command > 1) return { invalid: 'its command is neither LOCAL nor PROXY' };
  const family = familyAndTransport >> 4;
  const transport = familyAndTransport & 0x0f;
  if (family > FAMILY_UNIX || transport > 2) return { invalid: 'its address family or transport is not known' };
  if (length > MAX_PROXY_HEADER_BYTES) return { invalid: `it is longer than ${MAX_PROXY_HEADER_BYTES} bytes` };
  const addressBytes = [0, 12, 36, 216][family] ?? 0;
  if (command === 1 && length < V2_FIXED_BYTES + addressBytes) return { invalid: 'it is too short for its addresses' };
  if (bytes.length < length) return undefined;
  // A LOCAL head is to be skipped over, whatever it carries.
  if (command === 0) return { version: 2, length, ends: null };
  const problem = checkFields(bytes.subarray(0, length), V2_FIXED_BYTES + addressBytes);
  if (problem !== undefined) return { invalid: problem };
  const isTcp = transport === TRANSPORT_STREAM && (family === FAMILY_INET || family === FAMILY_INET6);
  return { version: 2, length, ends: isTcp ? readEnds(bytes, family === FAMILY_INET ? 4 : 16) : null };
}

function readEnds(bytes: Buffer, size: number): ProxiedEnds {
  const at = V2_FIXED_BYTES;
  return {
    sourceAddress: formatBytes(bytes.subarray(at, at + size)),
    sourcePort: bytes.readUInt16BE(at + size * 2),
    destinationAddress: formatBytes(bytes.subarray(at + size, at + size * 2)),
    destinationPort: bytes.readUInt16BE(at + size * 2 + 2),
  };
}

function formatBytes(bytes: Uint8Array): string {
  const spelled = formatIp({ family: bytes.length === 4 ? 4 : 6, bytes });
  const address = parseIp(spelled);
  return address === undefined ? spelled : formatIp(address);
}

/** Walks the type-length-value fields; the only one with a meaning here is the checksum, which must then be right. */
function checkFields(head: Buffer, from: number): string | undefined {
  let at = from;
  while (at < head.length) {
    if (at + 3 > head.length) return 'a field in it is cut off';
    const type = head.readUInt8(at);
    const end = at + 3 + head.readUInt16BE(at + 1);
    if (end > head.length) return 'a field in it is cut off';
    if (type === TYPE_CRC32C) {
      if (end !== at + 7) return 'its checksum is malformed';
      const zeroed = Buffer.from(head);
      zeroed.fill(0, at + 3, end);
      if (crc32c(zeroed) !== head.readUInt32BE(at + 3)) return 'its checksum is wrong';
    }
    at = end;
  }
  return undefined;
}
