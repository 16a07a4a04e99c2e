// Under which name the requests of one client are counted. Rule: whoever has a network of IPv6 has all of its addresses, so that
// these count as one; an IPv4 address is one however it was spelled.
import { formatIp, parseIp } from '../../core/ip.ts';

/** What one customer gets (RFC 6177). */
const NETWORK_BYTES = 8;
/** Names that are remembered; when there is no room for more, all are forgotten. */
const MAX_REMEMBERED = 4096;

export class ClientKeys {
  readonly #remembered = new Map<string, string>();

  of(address: string): string {
    if (!address.includes(':')) return address;
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    const key = networkOf(address);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(address, key);
    return key;
  }
}

function networkOf(text: string): string {
  const address = parseIp(text);
  if (address === undefined) return text;
  if (address.family === 4) return formatIp(address);
  return formatIp({ family: 6, bytes: address.bytes.map((byte, index) => (index < NETWORK_BYTES ? byte : 0)) });
}
