// When a request may go out once more. Rule: never after something of an answer has gone to the client, and what may have been
// seen by a server only if it means the same twice and is still there (RFC 9110, 9.2.2).
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

/** An answer with that status is better not passed on, since another origin may do better. */
export function isBetterElsewhere(exchange: HttpExchange, status: number): boolean {
  const target = exchange.matched?.target;
  if (target?.kind !== 'forward' || target.retryStatuses === undefined) return false;
  if (!target.retryStatuses.includes(status) || !mayTryElsewhere(exchange, true)) return false;
  const { tried, origin } = exchange.attempts;
  return target.hasOther === undefined || origin === null || target.hasOther(exchange, [...tried, origin]);
}

function isRepeatable({ committed, over, request }: HttpExchange, wasSent: boolean): boolean {
  if (committed || over) return false;
  return !wasSent || (request.isIdempotent && !request.hasBody);
}
