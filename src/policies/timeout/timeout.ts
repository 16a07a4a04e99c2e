// How long is waited on a route. Rule: the engine keeps the times; a route says which, and nothing is done per request.
import type { Timeouts } from '../../contract/bounds.ts';
import type { Policy } from '../../contract/policy.ts';
import { formatDuration } from '../../core/duration.ts';

export function timeout(timeouts: Timeouts): Policy {
  const { responseMs, totalMs } = timeouts;
  const whole = totalMs === 0 ? '' : `, and ${formatDuration(totalMs)} for the whole of it`;
  return {
    name: 'timeout',
    bounds: { timeouts },
    foresee: () => `waits ${formatDuration(responseMs)} for an answer${whole}`,
  };
}
