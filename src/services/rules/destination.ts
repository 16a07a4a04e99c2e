// Where a client wants to go, read once from what it sent. Rule: a host has one spelling here, however it was written
// (127.1, 0x7f000001, [::ffff:127.0.0.1], LOCALHOST.), so that no rule can be walked round by spelling; nothing is resolved.
import { domainToASCII } from 'node:url';
import { canonicalHost, isHostName } from '../../core/address.ts';
import {
  embeddedIpv4,
  isLoopback,
  isPrivate,
  isUnspecified,
  parseIp,
  parseIpRange,
  rangesContain,
  type IpAddress,
  type IpRange,
} from '../../core/ip.ts';

export interface Destination {
  /** As `canonicalHost` spells it. */
  readonly host: string;
  readonly port: number;
  /** null = a name. */
  readonly ip: IpAddress | null;
}

/** How far an address reaches. What only looks like IPv6 counts as the IPv4 address in it. */
export type Scope = 'public' | 'private' | 'link_local' | 'loopback' | 'unspecified';

/** null when the host is neither a name nor an address, or the port is none. */
export function destinationOf(host: string, port: number): Destination | null {
  if (!(port >= 1 && port <= 65_535)) return null;
  const canonical = canonicalHost(asciiHost(host));
  const ip = parseIp(canonical) ?? null;
  return ip !== null || isHostName(canonical) ? { host: canonical, port, ip } : null;
}

/** Names in other scripts, full-width digits among them, become what a resolver would make of them. */
function asciiHost(host: string): string {
  return /^[\0-\x7f]*$/.test(host) ? host : domainToASCII(host);
}

export function scopeOfAddress(address: IpAddress): Scope {
  if (isUnspecified(address)) return 'unspecified';
  if (isLoopback(address)) return 'loopback';
  if (rangesContain(LINK_LOCAL, address)) return 'link_local';
  const inner = embeddedIpv4(address);
  if (inner !== undefined) return scopeOfAddress(inner);
  return isPrivate(address) ? 'private' : 'public';
}

/** What can be said without resolving; null = it takes a resolver to know. */
export function scopeOf({ host, ip }: Destination): Scope | null {
  if (ip !== null) return scopeOfAddress(ip);
  return isLoopbackName(host) ? 'loopback' : null;
}

/** Names that mean this machine by standard (RFC 6761) or by the usual hosts file. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || LOCAL_NAMES.has(host);
}

const LOCAL_NAMES: ReadonlySet<string> = new Set(['localhost.localdomain', 'ip6-localhost', 'ip6-loopback']);

const LINK_LOCAL: readonly IpRange[] = ['169.254.0.0/16', 'fe80::/10'].flatMap((text) => parseIpRange(text) ?? []);
