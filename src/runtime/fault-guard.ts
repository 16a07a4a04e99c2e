// What happens to an error that nobody caught. Rule: each connection's state is its own, so a fault in one callback leaves
// the others whole and the process stays up; but faults that come quickly one after the other are not confined to
// anything, and a process that keeps failing ends in good order rather than answer wrongly.

import type { EventEmitter } from 'node:events';
import type { Logger } from '../telemetry/application-log.ts';

const MANY_FAULTS = 10;
const WINDOW_MS = 10_000;

export interface FaultParts {
  /** The process, which reports exceptions and rejections that nobody handled as `uncaughtException`. */
  readonly source: Pick<EventEmitter, 'on' | 'off'>;
  readonly logger: Pick<Logger, 'error' | 'fatal'>;
  readonly count: () => void;
  /** Faults come too fast. Called once. */
  readonly giveUp: () => void;
  readonly nowMs?: () => number;
}

/** Guards until it is released. */
export function guardAgainstFaults(parts: FaultParts): () => void {
  const { source, logger, count, giveUp, nowMs = Date.now } = parts;
  let recentMs: number[] = [];
  let hasGivenUp = false;
  const onFault = (error: unknown, origin: string): void => {
    count();
    logger.error({ err: error, origin }, 'uncaught error');
    recentMs = [...recentMs.filter((atMs) => atMs > nowMs() - WINDOW_MS), nowMs()];
    if (recentMs.length < MANY_FAULTS || hasGivenUp) return;
    hasGivenUp = true;
    logger.fatal({ faults: recentMs.length, within_ms: WINDOW_MS }, 'too many uncaught errors, stopping');
    giveUp();
  };
  source.on('uncaughtException', onFault);
  return () => {
    source.off('uncaughtException', onFault);
  };
}
