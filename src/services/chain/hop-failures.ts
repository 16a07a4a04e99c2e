// Turns what one hop said into a failure of the chain: whose it is, and in which words. Rule: a hop that another hop cannot
// reach is only accused; a message names hops by name and address, and holds no credentials.
import { formatHostPort } from '../../core/address.ts';
import type { SluiceError } from '../../core/errors.ts';
import type { Destination } from './chain-link.ts';
import type { HopFailure, HopFault } from './hop-fault.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';

export interface Route {
  readonly endpoints: readonly ProxyEndpoint[];
  readonly destination: Destination | null;
}

/** For messages: hop and member, and where it is. */
export function nameOfEndpoint({ hop, id, host, port }: ProxyEndpoint): string {
  const name = id === hop || id === '' ? hop : `${hop}/${id}`;
  return `${name} (${formatHostPort(host, port)})`;
}

/** There is no connection to the first hop, or, without hops, to the destination. */
export function firstHopFailure(route: Route, error: SluiceError): HopFailure {
  const [first] = route.endpoints;
  const common = { cause: error, reportedBy: null, isUnproven: false, status: 0, retryAfterMs: null };
  if (first === undefined) return { ...common, code: error.code, blame: 'none', message: error.message, failedHop: -1 };
  const code = error.code === 'upstream_connect_timeout' ? 'hop_timeout' : 'hop_unreachable';
  return {
    ...common,
    code,
    blame: 'member',
    message: `the proxy ${nameOfEndpoint(first)}: ${error.message}`,
    failedHop: 0,
  };
}

/** The hop at `index` has failed, or says that what lies behind it has. */
export function describeFault(route: Route, index: number, fault: HopFault): HopFailure {
  const { endpoints, destination } = route;
  const speaker = endpoints[index];
  const nextHop = endpoints[index + 1];
  const next = nextHop ?? destination;
  const asked = fault.about === 'hop' || next === null ? '' : `, asked for ${formatHostPort(next.host, next.port)}`;
  const message = `the proxy ${speaker === undefined ? '' : nameOfEndpoint(speaker)} ${fault.detail}${asked}`;
  const common = { message, cause: undefined, status: fault.status, retryAfterMs: fault.retryAfterMs };
  if (fault.about === 'next' && nextHop !== undefined) {
    const isLate = fault.code === 'hop_timeout' || fault.code === 'upstream_connect_timeout';
    const code = isLate ? 'hop_timeout' : 'hop_unreachable';
    return { ...common, code, blame: 'ambiguous', failedHop: index + 1, reportedBy: index, isUnproven: true };
  }
  const isUnproven = fault.code === 'hop_timeout' && fault.blame === 'ambiguous';
  return { ...common, code: fault.code, blame: fault.blame, failedHop: index, reportedBy: null, isUnproven };
}
