// What an upstream is told about a client, as lines that are made once per connection. Rule: it is what we know ourselves;
// what the client says of it is left behind.

/** In which fields: those that everybody reads, the standard one (RFC 7239), both, or in none. */
export type Forwarding = 'x_forwarded' | 'forwarded' | 'both' | 'none';

export interface ForwardedClient {
  /** Empty for a peer on a unix socket. */
  readonly remoteAddress: string;
  readonly secure: boolean;
}

/** `via` is the protocol that the client speaks and our name (RFC 9110, 7.6.3). */
export function forwardedLines(client: ForwardedClient, via: string, forwarding: Forwarding = 'x_forwarded'): Buffer {
  if (forwarding === 'none') return Buffer.alloc(0);
  const proto = client.secure ? 'https' : 'http';
  const usual = forwarding === 'forwarded' ? '' : usualLines(client.remoteAddress, proto);
  const standard = forwarding === 'x_forwarded' ? '' : standardLine(client.remoteAddress, proto);
  return Buffer.from(`${usual}${standard}Via: ${via}\r\n`, 'latin1');
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
