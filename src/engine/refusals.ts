// Requests that are well-formed and still not for us. Rule: what is refused here is refused for every route.
import { FIELD, type Head } from '../codec/http1/head.ts';
import type { Target } from '../contract/target.ts';
import type { ErrorCode } from '../core/errors.ts';

/** `pseudonym` is our own name in Via: whoever brings it has been here before. */
export function refusalOf(head: Head, pseudonym: string): ErrorCode | null {
  if (head.expectOther) return 'request_expectation_unknown';
  for (let index = head.find(FIELD.VIA); index >= 0; index = head.find(FIELD.VIA, index + 1)) {
    if (head.value(index).includes(pseudonym)) return 'loop_detected';
  }
  return null;
}

/** Whether a client may ask that target for a connection. */
export function takesTunnels(target: Target | undefined, isHttp2: boolean): boolean {
  return target?.kind === 'forward' && target.connect !== undefined && !isHttp2;
}
