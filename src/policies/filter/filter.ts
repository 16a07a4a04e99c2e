// Which hosts may be reached. Rule: the host that a request names is judged before anything is sent anywhere, and the name that a
// client asks for inside a tunnel before any of its bytes go on.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy, TunnelGuard } from '../../contract/policy.ts';
import type { DomainFilter } from '../../services/domains/domain-filter.ts';
import { NameGuard } from './name-guard.ts';

export interface FilterOptions {
  readonly filter: DomainFilter;
  /** Requests for the proxy itself go nowhere, and are none of a filter's business. */
  readonly isForwardProxy: boolean;
}

export function filter({ filter: hosts, isForwardProxy }: FilterOptions): Policy {
  const isForUs = ({ request }: Exchange): boolean => isForwardProxy && request.target.startsWith('/');
  return {
    name: 'filter',
    request(exchange: Exchange): void {
      const { host } = exchange.request;
      if (hosts.lets(host) || isForUs(exchange)) return;
      exchange.fail('domain_denied', host === '' ? 'The request names no host.' : `${host} may not be reached.`);
    },
    tunnel: ({ request }: Exchange): TunnelGuard => new NameGuard(hosts, request.host),
    explain: (exchange: Exchange): string =>
      isForUs(exchange) ? 'it is for the proxy itself' : hosts.why(exchange.request.host),
  };
}
