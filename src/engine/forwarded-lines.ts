// What an upstream is told about a client, as lines that are made once per connection. Rule: it is what we know ourselves;
// what the client says of it is left behind.

import type { ClientCertificate } from '../transport/client-certificate.ts';

/** In which fields: those that everybody reads, the standard one (RFC 7239), both, or in none. */
export type Forwarding = 'x_forwarded' | 'forwarded' | 'both' | 'none';

/** What of a verified certificate of the client: nothing, its subject, or that and the whole of it (RFC 9440). */
export type ForwardedCertificate = 'none' | 'subject' | 'full';

export interface ForwardedClient {
  /** Empty for a peer on a unix socket. */
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly clientCertificate?: ClientCertificate | null;
}

/** `via` is the protocol that the client speaks and our name (RFC 9110, 7.6.3). */
export function forwardedLines(
  client: ForwardedClient,
  via: string,
  forwarding: Forwarding = 'x_forwarded',
  certificate: ForwardedCertificate = 'none',
): Buffer {
  if (forwarding === 'none') return Buffer.alloc(0);
  const proto = client.secure ? 'https' : 'http';
  const usual = forwarding === 'forwarded' ? '' : usualLines(client.remoteAddress, proto);
  const standard = forwarding === 'x_forwarded' ? '' : standardLine(client.remoteAddress, proto);
  const shown = certificate === 'none' ? null : (client.clientCertificate ?? null);
  const whole = shown === null ? '' : certificateLines(shown, certificate);
  return Buffer.from(`${usual}${standard}${whole}Via: ${via}\r\n`, 'latin1');
}

/** A name beyond latin1 travels as UTF-8. */
function certificateLines({ subject, raw }: ClientCertificate, certificate: ForwardedCertificate): string {
  const name = `X-Client-Cert-Subject: ${Buffer.from(subject).toString('latin1')}\r\n`;
  if (certificate === 'subject') return name;
  return `${name}Client-Cert: :${Buffer.from(raw).toString('base64')}:\r\n`;
}

function usualLines(address: string, proto: string): string {
  return `${address === '' ? '' : `X-Forwarded-For: ${address}\r\n`}X-Forwarded-Proto: ${proto}\r\n`;
}

function standardLine(address: string, proto: string): string {
  return `Forwarded: for=${nodeOf(address)};proto=${proto}\r\n`;
}

/** RFC 7239, 6: an IPv6 address stands in brackets and quotes, and who has no address is unknown. */
function nodeOf(address: string): string {
  if (address === '') return 'unknown';
  return address.includes(':') ? `"[${address}]"` : address;
}
