// What becomes of an exchange whose client has left before its answer was whole. Rule: it ends, unless a policy wants the answer for
// others: then it goes on by itself, with nobody to send it to, and counts as one whose client has left.
import { SluiceError } from '../core/errors.ts';
import type { HttpExchange } from './exchange.ts';
import type { Route } from './program.ts';

export function clientLeft(exchange: HttpExchange): void {
  const { matched } = exchange;
  if (matched !== null && matched.outlivesClient.length > 0 && isWanted(exchange, matched)) goOn(exchange);
  else end(exchange);
}

function end(exchange: HttpExchange): void {
  const error = new SluiceError('client_closed');
  exchange.cancelProducer(error);
  if (!exchange.committed) exchange.response.status = error.status;
  exchange.finish();
}

/** Only what has been asked whole can still be answered. */
function isWanted(exchange: HttpExchange, { outlivesClient }: Route): boolean {
  if (exchange.isAlone || !exchange.requestPassed || exchange.isTunnel || exchange.upgrades || exchange.engine.draining)
    return false;
  return outlivesClient.some((policy) => exchange.tolerate(() => policy.outlivesClient(exchange)) === true);
}

function goOn(exchange: HttpExchange): void {
  exchange.isAlone = true;
  exchange.errorCode = 'client_closed';
  exchange.statusOnLeaving = exchange.committed ? exchange.response.status : new SluiceError('client_closed').status;
  exchange.engine.alone.add(exchange);
  // Who has waited for the client waits no more.
  if (exchange.committed) exchange.answerWay.clientDrained();
}

/** It is over: its server has answered, or was given up. */
export function leaveAlone(exchange: HttpExchange): void {
  exchange.engine.alone.delete(exchange);
  exchange.response.status = exchange.statusOnLeaving;
}
