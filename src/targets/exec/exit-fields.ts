// The end of a command as the API tells it. Rule: the same fields whichever way it is told.
import type { RunEnd } from '../../services/processes/run-spec.ts';

export interface ExitFields {
  readonly code: number | null;
  readonly signal: string | null;
  readonly duration_ms: number;
  /** `exit`: by itself; else what stopped it. */
  readonly reason: RunEnd['reason'];
  /** Some of the output is missing. */
  readonly truncated: boolean;
  readonly peak_memory_bytes: number | null;
}

export function exitFields({ code, signal, durationMs, reason, truncated, peakMemoryBytes }: RunEnd): ExitFields {
  const duration = Math.round(durationMs * 1000) / 1000;
  return { code, signal, duration_ms: duration, reason, truncated, peak_memory_bytes: peakMemoryBytes };
}
