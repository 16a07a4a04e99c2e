// Whether the body that a request announces is larger than its route takes. Rule: the engine refuses such a request before any policy
// is asked, and so does a dry run.
import type { Policy } from '../../contract/policy.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import { formatSize } from '../../core/size.ts';
import { boundsOf } from '../../engine/compile.ts';
import type { RequestState } from '../../engine/request-state.ts';
import type { ExplainedResult } from './explanation.ts';

/** `most` is what the door takes. Null: it is not too large. */
export function tooLarge(request: RequestState, policies: readonly Policy[], most: number): ExplainedResult | null {
  const bytes = boundsOf(policies)?.bodyBytes ?? most;
  if (request.head.contentLength <= bytes) return null;
  const code = 'request_body_too_large';
  const text = `the body is larger than ${formatSize(bytes)}, which is what may come here`;
  return { kind: 'refused', status: ERROR_CATALOGUE[code].status, code, text };
}
