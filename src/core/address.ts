// Where things listen and connect: host:port, unix sockets, and the one way to write each. Rule: text that does not name
// exactly one place is refused with a reason; nothing is guessed.

import { formatIp, isLoopback, parseIp, parseLooseIpv4 } from './ip.ts';

export interface TcpAddress {
  readonly kind: 'tcp';
  /** A name in lower case or a canonical IP address without brackets; '' = every address of this machine. */
  readonly host: string;
  readonly port: number;
}

export interface UnixAddress {
  readonly kind: 'unix';
  readonly path: string;
}

export interface InvalidAddress {
  readonly kind: 'invalid';
  /** What is wrong, to follow "is not an address: ". */
  readonly reason: string;
}

export interface AddressDefaults {
  /** Stands in for a missing host, as in ":8080" or "8080"; without it a host must be given. */
  readonly host?: string;
  /** Stands in for a missing port, as in "example.com"; without it a port must be given. */
  readonly port?: number;
}

/** Reads `host:port`, `[v6]:port`, `unix:/path`, and, where the defaults allow, `:8080`, `8080`, `host` and `[v6]`. */
export function parseAddress(text: string, defaults: AddressDefaults = {}): TcpAddress | UnixAddress | InvalidAddress {
  if (text === '') return invalid('it is empty');
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length));
  if (/^[0-9]{1,5}$/.test(text) && defaults.host !== undefined) return tcp(defaults.host, text);
  if (text.startsWith('[')) return parseBracketed(text, defaults);
  const colon = text.indexOf(':');
  if (colon === -1) return withDefaultPort(text, defaults);
  if (text.includes(':', colon + 1)) return parseManyColons(text, defaults);
  const host = text.slice(0, colon);
  if (host !== '') return tcp(host, text.slice(colon + 1));
  return defaults.host === undefined ? invalid('the host is missing') : tcp(defaults.host, text.slice(colon + 1));
}

/** The canonical spelling, which parseAddress reads back to the same address. */
export function formatAddress(address: TcpAddress | UnixAddress): string {
  return address.kind === 'unix' ? `unix:${address.path}` : formatHostPort(address.host, address.port);
}

export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A decimal port from 1 to 65535 (0 as well where the system is to choose), else -1. */
export function parsePort(text: string, allowZero = false): number {
  if (!/^[0-9]{1,5}$/.test(text)) return -1;
  const port = Number(text);
  return port > 65535 || (port === 0 && !allowZero) ? -1 : port;
}

/**
 * The one spelling of a host for comparing: lower case, no brackets, no trailing dot, IP addresses in canonical form,
 * whether they came as `127.1`, `0x7f000001`, `2130706433` or `::ffff:127.0.0.1`. Whoever filters by host compares
 * this, or a client walks round the filter by spelling.
 */
export function canonicalHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const ip = parseIp(bare);
  if (ip !== undefined) return formatIp(ip);
  const name = bare.endsWith('.') ? bare.slice(0, -1) : bare;
  const loose = parseLooseIpv4(name);
  return loose === undefined ? name.toLowerCase() : formatIp(loose);
}

/** Does whoever listens there hear this machine alone? True of loopback addresses and unix sockets. */
export function isLocalAddress(text: string): boolean {
  const address = parseAddress(text, { host: '' });
  if (address.kind !== 'tcp') return true;
  const ip = parseIp(address.host);
  return ip === undefined ? address.host === 'localhost' : isLoopback(ip);
}

/** Does that name, or address, stand for this machine and nothing else, whoever answers for DNS (RFC 6761, 6.3)? */
export function isLoopbackName(host: string): boolean {
  const name = canonicalHost(host);
  const ip = parseIp(name);
  return ip === undefined ? name === 'localhost' || name.endsWith('.localhost') : isLoopback(ip);
}

/** A name that DNS could hold: labels of letters, digits, hyphens and underscores; a trailing dot is fine. */
export function isHostName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return name.length <= 253 && /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/i.test(name);
}

function invalid(reason: string): InvalidAddress {
  return { kind: 'invalid', reason };
}

function parseUnix(path: string): UnixAddress | InvalidAddress {
  if (path === '') return invalid('the path after "unix:" is missing');
  if (path.includes('\0')) return invalid('the path holds a NUL character');
  return { kind: 'unix', path };
}

function parseBracketed(text: string, defaults: AddressDefaults): TcpAddress | InvalidAddress {
  const close = text.indexOf(']');
  if (close === -1) return invalid('the closing "]" is missing');
  const ip = parseIp(text.slice(1, close));
  if (ip === undefined || !text.slice(1, close).includes(':'))
    return invalid('what stands in brackets is not an IPv6 address');
  const rest = text.slice(close + 1);
  const host = text.slice(1, close).includes('%') ? text.slice(1, close).toLowerCase() : formatIp(ip);
  if (rest === '') return withDefaultPort(host, defaults);
  return rest.startsWith(':') ? tcp(host, rest.slice(1)) : invalid('only ":port" may follow the "]"');
}

function parseManyColons(text: string, defaults: AddressDefaults): TcpAddress | InvalidAddress {
  if (parseIp(text) === undefined) return invalid('it has more than one ":" and is not an IPv6 address');
  return defaults.port === undefined
    ? invalid('an IPv6 address with a port is written as [address]:port')
    : withDefaultPort(text, defaults);
}

function withDefaultPort(host: string, defaults: AddressDefaults): TcpAddress | InvalidAddress {
  return defaults.port === undefined ? invalid('the port is missing') : tcp(host, String(defaults.port));
}

function tcp(host: string, portText: string): TcpAddress | InvalidAddress {
  const port = parsePort(portText, true);
  if (port === -1) return invalid(portText === '' ? 'the port is missing' : 'the port is not a number from 0 to 65535');
  if (host === '' || host === '*') return { kind: 'tcp', host: '', port };
  const ip = parseIp(host);
  if (ip !== undefined) return { kind: 'tcp', host: host.includes('%') ? host.toLowerCase() : formatIp(ip), port };
  const loose = parseLooseIpv4(host);
  if (loose !== undefined)
    return invalid(`"${host}" as a host would mean ${formatIp(loose)}; write that if it is meant`);
  return isHostName(host)
    ? { kind: 'tcp', host: host.toLowerCase(), port }
    : invalid('the host is not a name or an IP address');
}
