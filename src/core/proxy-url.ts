// The URL of a proxy, taken apart. Rule: user name and password are percent-decoded here and exactly once, and hold only
// what the protocol of the proxy can carry; a fault never quotes them.

import { canonicalHost, isHostName, parsePort } from './address.ts';
import { parseIp } from './ip.ts';

export type ProxyScheme = 'http' | 'https' | 'socks5' | 'socks5h' | 'socks4' | 'socks4a';

export interface ProxyUrl {
  readonly scheme: ProxyScheme;
  /** A name in lower case or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** null = the proxy asks for nobody. */
  readonly username: string | null;
  readonly password: string | null;
}

export interface ProxyUrlFault {
  /** What is wrong, as the rest of a sentence. */
  readonly fault: string;
}

const DEFAULT_PORTS: Readonly<Record<ProxyScheme, number>> = {
  http: 80,
  https: 443,
  socks5: 1080,
  socks5h: 1080,
  socks4: 1080,
  socks4a: 1080,
};

/** RFC 1929 counts the length of either in one byte. */
const LONGEST_SOCKS_WORD = 255;

export function parseProxyUrl(text: string): ProxyUrl | ProxyUrlFault {
  // The last "@" ends the password: the host cannot hold one.
  const match = /^([a-z][a-z0-9]*):\/\/(?:(.*)@)?(\[[^\]]*\]|[^:/?#[\]@]*)(?::([^/?#]*))?\/?$/i.exec(text);
  const scheme = match?.[1]?.toLowerCase();
  if (match === null || !isScheme(scheme)) return { fault: 'it is not the URL of a proxy' };
  const host = readHost(match[3] ?? '');
  if (host === undefined) return { fault: 'the host is not valid' };
  const port = match[4] === undefined ? DEFAULT_PORTS[scheme] : parsePort(match[4]);
  if (port === -1) return { fault: 'the port is not a number from 1 to 65535' };
  const credentials = readCredentials(match[2]);
  if ('fault' in credentials) return credentials;
  const fault = faultOfCredentials(scheme, credentials);
  return fault === undefined ? { scheme, host, port, ...credentials } : { fault };
}

function isScheme(text: string | undefined): text is ProxyScheme {
  return text !== undefined && Object.hasOwn(DEFAULT_PORTS, text);
}

function readHost(text: string): string | undefined {
  const bare = text.startsWith('[') ? text.slice(1, -1) : text;
  const ip = parseIp(bare);
  if (text.startsWith('[') !== bare.includes(':')) return undefined;
  // A zone says through which interface: it has to stay.
  if (ip !== undefined) return bare.includes('%') ? bare.toLowerCase() : canonicalHost(bare);
  return isHostName(bare) ? canonicalHost(bare) : undefined;
}

type Credentials = Pick<ProxyUrl, 'username' | 'password'>;

function readCredentials(userInfo: string | undefined): Credentials | ProxyUrlFault {
  if (userInfo === undefined || userInfo === '' || userInfo === ':') return { username: null, password: null };
  const colon = userInfo.indexOf(':');
  const username = percentDecoded(colon === -1 ? userInfo : userInfo.slice(0, colon));
  const password = colon === -1 ? null : percentDecoded(userInfo.slice(colon + 1));
  if (username === undefined) return { fault: `the user name ${BAD_PERCENT}` };
  return password === undefined ? { fault: `the password ${BAD_PERCENT}` } : { username, password };
}

const BAD_PERCENT = 'has a "%" that begins no UTF-8 text in percent-encoding: write %25 for the character itself';

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function faultOfCredentials(scheme: ProxyScheme, { username, password }: Credentials): string | undefined {
  if (username === null) return undefined;
  if (scheme === 'socks5' || scheme === 'socks5h') return faultOfSocks5(username, password);
  if (scheme === 'socks4' || scheme === 'socks4a') {
    if (password !== null && password !== '') return 'SOCKS4 knows a user name and no password';
    return username.includes('\0') ? 'the user name holds a NUL character, which ends it in SOCKS4' : undefined;
  }
  if (username.includes(':')) return 'the user name holds a colon, which HTTP takes for its end';
  const isPlain = !/[\0-\u001f\u007f]/.test(username + (password ?? ''));
  return isPlain ? undefined : 'user name and password in HTTP hold no control characters';
}

function faultOfSocks5(username: string, password: string | null): string | undefined {
  const words = { 'user name': username, password: password ?? '' };
  for (const [name, word] of Object.entries(words)) {
    const length = utf8Length(word);
    if (length === 0) return `SOCKS5 needs a ${name} of at least one character`;
    if (length > LONGEST_SOCKS_WORD) return `the ${name} has ${length} bytes, and SOCKS5 carries at most 255`;
  }
  return undefined;
}

function utf8Length(text: string): number {
  return encodeURIComponent(text.toWellFormed()).replace(/%../g, '_').length;
}
