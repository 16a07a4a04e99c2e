// The numbers of SOCKS 4, 4a and 5 (RFC 1928, RFC 1929), and addresses as they stand in its messages.
// Rule: a name is never longer than its one byte of length can say; whoever writes one has checked that.
import { Buffer } from 'node:buffer';
import { formatIp, parseIp } from '../../core/ip.ts';

export const SOCKS4 = 4;
export const SOCKS5 = 5;

export const COMMAND = { CONNECT: 1, BIND: 2, UDP_ASSOCIATE: 3 } as const;
export const METHOD = { NONE: 0, PASSWORD: 2, NO_ACCEPTABLE: 0xff } as const;
export const ADDRESS = { IPV4: 1, NAME: 3, IPV6: 4 } as const;

/** What a SOCKS5 server answers (RFC 1928, section 6). */
export const REPLY = {
  SUCCEEDED: 0,
  GENERAL_FAILURE: 1,
  NOT_ALLOWED: 2,
  NETWORK_UNREACHABLE: 3,
  HOST_UNREACHABLE: 4,
  REFUSED: 5,
  TTL_EXPIRED: 6,
  COMMAND_NOT_SUPPORTED: 7,
  ADDRESS_NOT_SUPPORTED: 8,
} as const;

export const SOCKS4_REPLY = { GRANTED: 90, REJECTED: 91, NO_IDENTD: 92, WRONG_IDENTITY: 93 } as const;

/** Both versions count, or stand up to, no more than this for a name, a user and a password. */
export const MAX_WORD_BYTES = 255;

/** Where a connection through a SOCKS server is to go. */
export interface SocksDestination {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** ATYP, address and port of SOCKS5. Throws a RangeError for a name that does not fit. */
export function socks5Address({ host, port }: SocksDestination): Buffer {
  const ip = parseIp(host);
  const tail = Buffer.of(port >> 8, port & 0xff);
  if (ip !== undefined)
    return Buffer.concat([Buffer.of(ip.family === 4 ? ADDRESS.IPV4 : ADDRESS.IPV6), ip.bytes, tail]);
  return Buffer.concat([Buffer.of(ADDRESS.NAME), countedWord(host), tail]);
}

/** A word with its length in front. Throws a RangeError for one that is empty or does not fit. */
export function countedWord(word: string): Buffer {
  const bytes = Buffer.from(word, 'utf8');
  if (bytes.length === 0 || bytes.length > MAX_WORD_BYTES) {
    throw new RangeError(`a word in SOCKS has 1 to ${MAX_WORD_BYTES} bytes, this one ${bytes.length}`);
  }
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

/** The address of 4 or 16 bytes, in its one spelling. */
export function readIp(bytes: Uint8Array): string {
  const spelled = formatIp({ family: bytes.length === 4 ? 4 : 6, bytes });
  // A mapped IPv4 address is the IPv4 address.
  const ip = parseIp(spelled);
  return ip === undefined ? spelled : formatIp(ip);
}
