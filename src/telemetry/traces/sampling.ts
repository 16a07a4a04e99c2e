// Which traces are recorded. Rule: the same trace is judged alike by everybody who takes the same share of them, as the samplers of
// OpenTelemetry do.
import { FLAG_SAMPLED, type TraceParent } from './trace-context.ts';

export interface Sampling {
  /** Of the traces that begin here; from 0 to 1. */
  readonly share: number;
  /** Whoever has begun a trace has decided for all of it. */
  readonly followsParent: boolean;
}

export function isSampled({ share, followsParent }: Sampling, traceId: string, parent: TraceParent | null): boolean {
  if (followsParent && parent !== null) return (parent.flags & FLAG_SAMPLED) !== 0;
  if (share >= 1) return true;
  return share > 0 && placeOf(traceId) < share;
}

/** The right half of an id as a number from 0 to 1; a double holds 52 bits of it. */
function placeOf(traceId: string): number {
  return Number.parseInt(traceId.slice(16, 29), 16) / 2 ** 52;
}
