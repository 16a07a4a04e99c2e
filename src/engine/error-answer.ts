// What a client sees of a failed request: the one JSON shape for errors, and Proxy-Status (RFC 9209). Rule: it names the code
// and what a person may know, never the cause.
import type { Answer } from '../contract/exchange.ts';
import { errorBody, type SluiceError } from '../core/errors.ts';

/** `pseudonym` is our name in Via, too. */
export function errorAnswer({ code, message, status }: SluiceError, requestId: string, pseudonym: string): Answer {
  return {
    status,
    fields: [
      ['Content-Type', 'application/json'],
      ['Proxy-Status', `${pseudonym}; error=${code}; details="${requestId}"`],
    ],
    body: JSON.stringify(errorBody(code, message, requestId)),
  };
}
