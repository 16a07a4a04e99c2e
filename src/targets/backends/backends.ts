// Servers that speak HTTP, as a target. Rule: with one member there is nothing to choose.
import type { ForwardTarget, Origin } from '../../contract/target.ts';

export function backends(origin: Origin): ForwardTarget {
  return { kind: 'forward', select: () => origin };
}
