// What an upstream is told about a client, as lines that are made once per connection. Rule: it is what we know ourselves;
// what the client says of it is left behind.

export interface ForwardedClient {
  /** Empty for a peer on a unix socket. */
  readonly remoteAddress: string;
  readonly secure: boolean;
}

/** `via` is the protocol that the client speaks and our name (RFC 9110, 7.6.3). */
export function forwardedLines({ remoteAddress, secure }: ForwardedClient, via: string): Buffer {
  const address = remoteAddress === '' ? '' : `X-Forwarded-For: ${remoteAddress}\r\n`;
  return Buffer.from(`${address}X-Forwarded-Proto: ${secure ? 'https' : 'http'}\r\nVia: ${via}\r\n`, 'latin1');
}
