// Names of tunnels: labels below the domain of the server. Rule: what could be taken for a name of the operator, or read as something
// that it is not, is nobody's.
import { randomInt } from 'node:crypto';

/** The field by which a gateway says which tunnel a request is for. */
export const TUNNEL_FIELD = 'sluice-tunnel';
/** In the place of a name: the request is for the server of the tunnels itself. */
export const SERVER_ITSELF = '@server';
/** By which it says whose request it is, where proxies before it are trusted. */
export const VISITOR_FIELD = 'sluice-tunnel-visitor';
/** Of the visitor's connection to such a proxy. */
export const SCHEME_FIELD = 'sluice-tunnel-scheme';

/** In lower case. A label may have 63 (RFC 1035, 2.3.4). */
const SHAPE = /^[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])$/;
/** `xn--` and its like say that something else is meant. */
const ENCODED = /^..--/;
/** What TCP tunnels are called, by their port. */
const OF_A_PORT = /^tcp-\d+$/;

const RESERVED: ReadonlySet<string> = new Set(
  `abuse account accounts admin administrator api app-admin auth autoconfig autodiscover billing blog broadcasthost cdn
  console control dashboard dev-admin dns docs email ftp gateway git help hostmaster hostnames imap info internal invitations isatap
  localdomain localhost login logout mail mailer-daemon marketing metrics mta-sts noc noreply ns ns1 ns2 ns3 ns4 oauth
  pop pop3 portal postmaster proxy register relay root secure security server sftp signin signup sluice smtp ssh ssl sso
  static status support sysadmin system tunnel tunnels usenet uucp vpn webmail webmaster wpad www www1 www2`.split(
    /\s+/,
  ),
);

/** Whose customers are sent to copies of their pages most often. */
const BRANDS: ReadonlySet<string> = new Set(
  `amazon amex apple binance blockchain chase coinbase dhl dropbox ebay facebook fedex gmail google hsbc icloud instagram
  linkedin mastercard metamask microsoft netflix office365 onedrive outlook paypal santander sharepoint steam telegram
  ups usps visa wellsfargo whatsapp`.split(/\s+/),
);

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const RANDOM_LENGTH = 10;

export function isTunnelName(name: string): boolean {
  return SHAPE.test(name) && !ENCODED.test(name) && !OF_A_PORT.test(name) && !RESERVED.has(name);
}

export function tunnelNameOfPort(port: number): string {
  return `tcp-${port}`;
}

/** null: it is none of a port. */
export function portOfTunnelName(name: string): number | null {
  return OF_A_PORT.test(name) ? Number(name.slice(name.indexOf('-') + 1)) : null;
}

/** One of its words is somebody's whom it may be taken for: `paypal-login`, and not `pineapple`. */
export function hasBrand(name: string): boolean {
  return name.split('-').some((word) => BRANDS.has(word));
}

/** Whether a name is one of these, in which `*` stands for anything. */
export function namePatterns(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => false;
  const each = patterns.map((pattern) => RegExp.escape(pattern.toLowerCase()).replaceAll('\\*', '.*'));
  const all = new RegExp(`^(?:${each.join('|')})$`);
  return (name) => all.test(name);
}

export function randomTunnelName(): string {
  const letters = Array.from({ length: RANDOM_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]);
  // Begins with a letter, so that nobody reads it as an address.
  return `t${letters.join('')}`;
}
