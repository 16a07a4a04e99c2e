// What a client sees of a failed request: the one JSON shape for errors, and Proxy-Status (RFC 9209). Rule: it names the code
// and what a person may know, never the cause.
import type { Answer } from '../contract/exchange.ts';
import { errorBody, type SluiceError } from '../core/errors.ts';

/** `pseudonym` is our name in Via, too. */
export function errorAnswer(error: SluiceError, requestId: string, pseudonym: string): Answer {
  const { code, message, status, retryAfterMs } = error;
  const retryAfter = retryAfterMs === null ? [] : [['Retry-After', String(Math.ceil(retryAfterMs / 1000))] as const];
  return {
    status,
    fields: [
      ['Content-Type', 'application/json'],
      ['Proxy-Status', `${pseudonym}; error=${code}; details="${requestId}"`],
      ...retryAfter,
    ],
    body: JSON.stringify(errorBody(code, message, requestId)),
  };
}
