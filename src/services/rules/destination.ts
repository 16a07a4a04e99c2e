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

/** All that a host says of itself. */
export interface Destination {
  /** As `canonicalHost` spells it. */
  readonly host: string;
  /** null = a name. */
  readonly ip: IpAddress | null;
  /** null = it takes a resolver to know. */
  readonly scope: Scope | null;
}

/** How far an address reaches. What only looks like IPv6 counts as the IPv4 address in it. */
export type Scope = 'public' | 'private' | 'link_local' | 'loopback' | 'unspecified';

/** null when the host is neither a name nor an address. */
export function destinationOf(written: string): Destination | null {
  const host = canonicalHost(asciiHost(written));
  const ip = parseIp(host) ?? null;
  if (ip !== null) return { host, ip, scope: scopeOfAddress(ip) };
  return isHostName(host) ? { host, ip, scope: isLoopbackName(host) ? 'loopback' : null } : null;
}

/** Enough for the hosts that clients go to at a time; more than that are read anew. */
const MOST_REMEMBERED = 4096;
/** No name is longer; what is longer is not worth keeping. */
const LONGEST_REMEMBERED = 256;

/** Reads each host once: clients ask for the same ones again and again (bench/destination-rules.ts). */
export class DestinationMemory {
  readonly #known = new Map<string, Destination | null>();

  read(written: string): Destination | null {
    const known = this.#known.get(written);
    if (known !== undefined) return known;
    if (written.length > LONGEST_REMEMBERED) return destinationOf(written);
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    const own = copied(written);
    const destination = destinationOf(own);
    this.#known.set(own, destination);
    return destination;
  }
}

/** A host is often a part of a request's head, which must not be kept for its sake. */
function copied(text: string): string {
  return ` ${text}`.slice(1);
}

/** Names in other scripts, full-width digits among them, become what a resolver would make of them. */
function asciiHost(host: string): string {
  return /^[\0-\x7f]*$/.test(host) ? host : domainToASCII(host);
}

function scopeOfAddress(address: IpAddress): Scope {
  if (isUnspecified(address)) return 'unspecified';
  if (isLoopback(address)) return 'loopback';
  if (rangesContain(LINK_LOCAL, address)) return 'link_local';
  const inner = embeddedIpv4(address);
  if (inner !== undefined) return scopeOfAddress(inner);
  return isPrivate(address) ? 'private' : 'public';
}

/** Names that mean this machine by standard (RFC 6761) or by the usual hosts file. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || LOCAL_NAMES.has(host);
}

const LOCAL_NAMES: ReadonlySet<string> = new Set(['localhost.localdomain', 'ip6-localhost', 'ip6-loopback']);

const LINK_LOCAL: readonly IpRange[] = ['169.254.0.0/16', 'fe80::/10'].flatMap((text) => parseIpRange(text) ?? []);
