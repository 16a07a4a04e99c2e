// When a request may go out once more. Rule: never after something of an answer has gone to the client, and what may have been
// seen by a server only if it means the same twice and is still there (RFC 9110, 9.2.2).
import type { Head } from '../codec/http1/head.ts';
import type { HttpExchange } from './exchange.ts';

/** More would only hit what has just failed. */
const MOST_ON_ONE_ORIGIN = 2;

/** A connection that had carried other requests died under this one before it answered: it may not have seen it. */
export function mayTryAgain(exchange: HttpExchange): boolean {
  return exchange.attempts.count < MOST_ON_ONE_ORIGIN && isRepeatable(exchange, true);
}

/** An attempt has failed; `wasSent` says whether its origin may have seen the request. */
export function mayTryElsewhere(exchange: HttpExchange, wasSent: boolean): boolean {
  const target = exchange.matched?.target;
  if (target?.kind !== 'forward' || exchange.attempts.count >= (target.maxAttempts ?? 1)) return false;
  return isRepeatable(exchange, wasSent);
}

/** The answer that has just come is better not passed on, since another attempt may do better; its target may take its time to tell. */
export function isBetterElsewhere(exchange: HttpExchange, answer: Head): boolean | Promise<boolean> {
  const target = exchange.matched?.target;
  if (target?.kind !== 'forward' || target.retryStatuses === undefined) return false;
  if (!target.retryStatuses.includes(answer.status)) return false;
  const mayBeSentTwice = target.resendsBodies === undefined;
  if (!mayTryElsewhere(exchange, mayBeSentTwice) || !exchange.requestWay.isStillThere) return false;
  const { tried, origin } = exchange.attempts;
  if (target.mayDoBetter === undefined || origin === null) return true;
  exchange.response.begin(answer);
  return target.mayDoBetter(exchange, [...tried, origin]);
}

function isRepeatable({ committed, over, request }: HttpExchange, wasSent: boolean): boolean {
  if (committed || over) return false;
  return !wasSent || (request.isIdempotent && !request.hasBody);
}
