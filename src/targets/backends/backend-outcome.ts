// What the end of a request says about the backend that it went to. Rule: a backend is blamed for what it did itself; a client
// that left, a limit of ours and an error of its application say nothing.
import type { Attempt } from '../../contract/target.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Outcome } from '../../services/balance/outcome.ts';

const ITS_FAULT: ReadonlySet<ErrorCode> = new Set([
  'upstream_unreachable',
  'upstream_dns_failed',
  'upstream_tls_failed',
  'upstream_reset',
  'upstream_invalid',
  'upstream_incomplete',
  'upstream_connect_timeout',
  'upstream_timeout',
  'upstream_unavailable',
]);

/** With these a server says that it cannot serve. */
const CANNOT_SERVE: ReadonlySet<number> = new Set([502, 503, 504]);

const SERVER_ERROR = 500;
const NEUTRAL: Outcome = { kind: 'neutral' };
const UNAVAILABLE: Outcome = { kind: 'failure', reason: 'upstream_unavailable' };

export function outcomeOf({ code, status, durationMs }: Pick<Attempt, 'code' | 'status' | 'durationMs'>): Outcome {
  if (code !== null) return ITS_FAULT.has(code) ? { kind: 'failure', reason: code } : NEUTRAL;
  if (CANNOT_SERVE.has(status)) return UNAVAILABLE;
  // An error comes fast, which would make it look like a good one.
  if (status === 0 || status >= SERVER_ERROR) return NEUTRAL;
  return { kind: 'success', latencyMs: durationMs };
}
