// Whose request it is, as an address: that of the connection, or, behind proxies that are trusted, what they say in
// X-Forwarded-For. Rule: only a trusted proxy is believed, and only about whom it has got the request from; so the field is
// read from the right, up to the first address that is not trusted.
import type { Exchange } from '../../contract/exchange.ts';
import { formatIp, parseIp } from '../../core/ip.ts';
import { AddressRanges } from './address-ranges.ts';

const FIELD = 'x-forwarded-for';
/** Lists that are remembered, of clients that come again and again; when there is no room for more, all are forgotten. */
const MAX_REMEMBERED = 4096;
/** Longer lists are read each time. */
const MAX_REMEMBERED_LENGTH = 128;

export class ClientAddress {
  readonly #trusted: AddressRanges;
  /** By what the proxies say; where they name nobody it is not there. */
  readonly #remembered = new Map<string, string | null>();

  constructor(trustedProxies: readonly string[]) {
    this.#trusted = new AddressRanges(trustedProxies);
  }

  /** Empty for a peer on a unix socket; null when a trusted proxy says what is no address. */
  of({ client, request }: Pick<Exchange, 'client' | 'request'>): string | null {
    if (this.#trusted.isEmpty || !this.#trusted.has(client.address)) return client.address;
    const values = request.fields.getAll(FIELD);
    const list = values.length === 1 ? (values[0] ?? '') : values.join(',');
    const known = this.#remembered.get(list);
    if (known !== undefined) return known;
    const address = this.#behind(list);
    if (address === undefined) return client.address;
    this.#remember(list, address);
    return address;
  }

  #remember(list: string, address: string | null): void {
    if (list.length > MAX_REMEMBERED_LENGTH) return;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(list, address);
  }

  /** Several fields are one list in their order (RFC 9110, 5.3). Undefined: it names nobody. */
  #behind(list: string): string | null | undefined {
    const entries = list
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    let nearest: string | undefined;
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
