// Whose request it is, as an address: that of the connection, or, behind proxies that are trusted, what they say in
// X-Forwarded-For. Rule: only a trusted proxy is believed, and only about whom it has got the request from; so the field is
// read from the right, up to the first address that is not trusted.
import type { Exchange } from '../../contract/exchange.ts';
import { formatIp, parseIp } from '../../core/ip.ts';
import { AddressRanges } from './address-ranges.ts';

const FIELD = 'x-forwarded-for';

export class ClientAddress {
  readonly #trusted: AddressRanges;

  constructor(trustedProxies: readonly string[]) {
    this.#trusted = new AddressRanges(trustedProxies);
  }

  /** Empty for a peer on a unix socket; null when a trusted proxy says what is no address. */
  of({ client, request }: Pick<Exchange, 'client' | 'request'>): string | null {
    if (this.#trusted.isEmpty || !this.#trusted.has(client.address)) return client.address;
    return this.#behind(client.address, request.fields.getAll(FIELD).join(','));
  }

  /** Several fields are one list in their order (RFC 9110, 5.3). */
  #behind(peer: string, list: string): string | null {
    const entries = list
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    let nearest = peer;
    for (let at = entries.length - 1; at >= 0; at--) {
      const address = parseIp(withoutPort(entries[at] ?? ''));
      if (address === undefined) return null;
      nearest = formatIp(address);
      if (!this.#trusted.has(nearest)) return nearest;
    }
    return nearest;
  }
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const match = /^(?:\[([^\]]+)\]|([0-9.]+))(?::\d{1,5})?$/.exec(entry);
  return match?.[1] ?? match?.[2] ?? entry;
}
