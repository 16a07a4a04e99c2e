// How a gateway leads to tunnels where there are several nodes: to the node that is known to have the client, else to the part of this one that
// knows more. Rule: what is known here may be wrong, and costs a visitor nothing then: that part is asked next.
import type { Exchange } from '../../contract/exchange.ts';
import type { ForwardTarget, Origin, OriginDialler } from '../../contract/target.ts';
import type { KnownPlaces } from '../../services/tunnels/known-places.ts';
import { KEPT_BYTES, MISSED, MISSED_FIELD, MOST_ATTEMPTS, nodeAt } from './tunnel-of-nodes.ts';

export interface TunnelWayOptions {
  /** Of this node. */
  readonly here: Origin;
  readonly places: Pick<KnownPlaces, 'find'>;
  /** Of the tunnel that is asked for. */
  readonly nameOf: (exchange: Exchange) => string;
  readonly diallerOf: (origin: Origin) => OriginDialler;
  /** A visitor goes to another node. */
  readonly sent: () => void;
}

/** Nodes that have gone leave theirs behind. */
const MOST_ORIGINS = 1_000;

export function tunnelWay({ here, places, nameOf, diallerOf, sent }: TunnelWayOptions): ForwardTarget {
  const origins = new Map<string, Origin>();
  const originAt = (address: string): Origin => {
    const known = origins.get(address);
    if (known !== undefined) return known;
    if (origins.size >= MOST_ORIGINS) origins.clear();
    const node = nodeAt(address);
    const origin: Origin = { ...node, dialler: diallerOf(node) };
    origins.set(address, origin);
    return origin;
  };
  return {
    kind: 'forward',
    maxAttempts: MOST_ATTEMPTS,
    retryStatuses: [MISSED],
    resendsBodies: { bytes: KEPT_BYTES },
    mayDoBetter: ({ response }) => response.fields.has(MISSED_FIELD),
    select: (exchange, tried) => {
      const address = tried.length > 0 ? '' : places.find(nameOf(exchange));
      if (address === '') return tried.includes(here) ? null : here;
      sent();
      return originAt(address);
    },
  };
}
