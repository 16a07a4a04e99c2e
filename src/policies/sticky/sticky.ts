// Which session a request of the forward proxy belongs to: what its header field says, else what came with its user name, else
// what its door stands for, else its client. Rule: the field is between the client and us, and goes no further.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';

export interface StickyOptions {
  /** In lower case. */
  readonly field: string;
  /** Sessions by the port that the client has come in on; null: no port stands for one. */
  readonly sessionOfPort: ((port: number) => string | null) | null;
  /** Requests of one address belong together when they say nothing else. */
  readonly byClientAddress: boolean;
}

/** Longer names of sessions are cut: they are kept for as long as the session lives. */
const MAX_NAME = 128;

export function sticky({ field, sessionOfPort, byClientAddress }: StickyOptions): Policy {
  return {
    name: 'sticky',
    request(exchange: Exchange): void {
      const { fields } = exchange.request;
      const asked = fields.get(field);
      if (asked !== undefined) {
        fields.remove(field);
        if (asked !== '') exchange.session = asked;
      }
      if (exchange.session === '' && sessionOfPort !== null) {
        exchange.session = sessionOfPort(exchange.client.localPort) ?? '';
      }
      if (exchange.session === '' && byClientAddress) exchange.session = exchange.client.address;
      exchange.session = exchange.session.slice(0, MAX_NAME);
    },
  };
}
