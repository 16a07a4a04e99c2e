// Who may enter, by the address of the client. Rule: what is denied stays out, even where it is allowed as well; a client whose
// address cannot be told is let in by nothing but an empty list.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { AddressRanges } from '../../services/identity/address-ranges.ts';
import type { ClientAddress } from '../../services/identity/client-address.ts';

export interface AclOptions {
  readonly client: ClientAddress;
  /** Networks; none: everybody. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export function acl({ client, allow, deny }: AclOptions): Policy {
  const allowed = new AddressRanges(allow);
  const denied = new AddressRanges(deny);
  return {
    name: 'acl',
    request(exchange: Exchange): void {
      const address = client.of(exchange);
      if (address === null || denied.has(address) || !(allowed.isEmpty || allowed.has(address))) {
        exchange.fail('forbidden', 'This address may not enter here.');
      }
    },
  };
}
