// From where a client of tunnels connects: by its own connection, by a trusted proxy, or by our gateway. Rule: over the gateway it is what
// the gateway says, which nobody else can say there.
import type { Exchange } from '../../contract/exchange.ts';
import type { ClientAddress } from '../identity/client-address.ts';
import { VISITOR_FIELD } from './tunnel-names.ts';

/** `client` knows the proxies that are trusted; null: there are none. */
export function peerAddress(exchange: Exchange, client: ClientAddress | null): string {
  const { address } = exchange.client;
  const { fields } = exchange.request;
  if (address !== '') return client?.of(exchange) ?? address;
  return fields.get(VISITOR_FIELD) ?? fields.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
}
