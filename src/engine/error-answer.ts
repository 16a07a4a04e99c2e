// What a client sees of a failed request: JSON in the one shape for errors, or in that of its route, and Proxy-Status (RFC 9209).
// Rule: it names the code and what a person may know, never the cause.
import type { Answer } from '../contract/exchange.ts';
import type { ErrorShape } from '../contract/policy.ts';
import { errorBody, type SluiceError } from '../core/errors.ts';

const plainShape: ErrorShape = ({ code, message }, requestId) => errorBody(code, message, requestId);

/** `pseudonym` is our name in Via, too. */
export function errorAnswer(
  error: SluiceError,
  requestId: string,
  pseudonym: string,
  shape: ErrorShape | null = null,
): Answer {
  const { code, status, retryAfterMs } = error;
  const retryAfter = retryAfterMs === null ? [] : [['Retry-After', String(Math.ceil(retryAfterMs / 1000))] as const];
  return {
    status,
    fields: [
      ['Content-Type', 'application/json'],
      ['Proxy-Status', `${pseudonym}; error=${code}; details="${requestId}"`],
      ...retryAfter,
    ],
    body: JSON.stringify((shape ?? plainShape)(error, requestId)),
  };
}
