// Which requests may reach the admin API at all, before anybody asks for a token: the Host must be the door's own
// (a foreign web page that rebinds its name to this address is refused), and a write that a browser sends must come
// from the door's own page. Rule: requests that no browser sends, that is without Origin, pass the second check.

import { hostname } from 'node:os';
import { canonicalHost } from '../core/address.ts';
import { isLoopback, parseIp } from '../core/ip.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const OWN_SITES = new Set(['same-origin', 'none']);

/**
 * The names under which a door that listens on `listenHost` may be called. On loopback these are the loopback names and
 * no others. A door that other machines reach also goes by any IP address, since an address cannot be rebound and the
 * door may stand behind a forwarded port, and by the name of the machine.
 */
export function isOwnHost(hostField: string | null | undefined, listenHost: string): boolean {
  const name = hostName(hostField ?? '');
  if (name === '') return false;
  if (isLoopbackName(name) || name === canonicalHost(listenHost)) return true;
  if (isLoopbackName(listenHost)) return false;
  return parseIp(name) !== undefined || name === hostname().toLowerCase();
}

/** `null` stands for a field that is not there. */
export interface BrowserFields {
  readonly host: string | null;
  readonly origin: string | null;
  readonly fetchSite: string | null;
}

export function isOwnWrite(method: string, fields: BrowserFields): boolean {
  if (SAFE_METHODS.has(method)) return true;
  if (fields.fetchSite !== null && !OWN_SITES.has(fields.fetchSite)) return false;
  if (fields.origin === null) return true;
  return URL.canParse(fields.origin) && new URL(fields.origin).host === fields.host?.toLowerCase();
}

/** The host without its port, in its one spelling; '' when the field is no host at all. */
function hostName(hostField: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(hostField);
  return canonicalHost(match?.[1] ?? '');
}

function isLoopbackName(host: string): boolean {
  const ip = parseIp(host);
  return host === 'localhost' || (ip !== undefined && isLoopback(ip));
}
