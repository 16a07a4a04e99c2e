// One check out of several, such as several URLs. Rule: runs them one after the other and no more than needed, because the
// bytes of a check may cost money.
import type { Check } from './health-checker.ts';

/** `any`: passes with the first that passes. `all`: fails with the first that fails. */
export function combineChecks<T>(checks: readonly Check<T>[], mode: 'any' | 'all'): Check<T> {
  const decides = mode === 'any';
  return async (member, signal) => {
    let last: Awaited<ReturnType<Check<T>>> = null;
    for (const check of checks) {
      const result = await check(member, signal);
      if (result === null) continue;
      last = result;
      if (result.passed === decides || signal.aborted) break;
    }
    return last;
  };
}
