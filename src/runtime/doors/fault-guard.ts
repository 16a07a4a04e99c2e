// What happens to an error that nobody caught. Rule: each connection's state is its own, so a fault in one callback leaves
// the others whole and the thread stays up; but faults that come quickly one after the other are not confined to anything,
// and a thread that keeps failing ends rather than answer wrongly.

import type { EventEmitter } from 'node:events';

const MANY_FAULTS = 10;
const WINDOW_MS = 10_000;

export interface FaultParts {
  /** The process, which reports exceptions and rejections that nobody handled as `uncaughtException`, to each thread its own. */
  readonly source: Pick<EventEmitter, 'on' | 'off'>;
  /** Told of each. */
  readonly report: (error: unknown, origin: string) => void;
  /** Faults come too fast: so many within so long. Called once. */
  readonly giveUp: (faults: number, withinMs: number) => void;
  readonly nowMs?: () => number;
}

/** Guards until it is released. */
export function guardAgainstFaults(parts: FaultParts): () => void {
  const { source, report, giveUp, nowMs = Date.now } = parts;
  let recentMs: number[] = [];
  let hasGivenUp = false;
  const onFault = (error: unknown, origin: string): void => {
    report(error, origin);
    recentMs = [...recentMs.filter((atMs) => atMs > nowMs() - WINDOW_MS), nowMs()];
    if (recentMs.length < MANY_FAULTS || hasGivenUp) return;
    hasGivenUp = true;
    giveUp(recentMs.length, WINDOW_MS);
  };
  source.on('uncaughtException', onFault);
  return () => {
    source.off('uncaughtException', onFault);
  };
}
