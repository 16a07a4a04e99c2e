// What follows an attempt that has brought no answer to pass on. Rule: another origin is asked where that is safe; else the exchange
// ends with what went wrong, unless an answer that was kept is about to take that place.
import { SluiceError } from '../core/errors.ts';
import type { HttpExchange } from './exchange.ts';
import { toTarget } from './phases.ts';
import { mayTryElsewhere } from './retry-rule.ts';

/** The running attempt has failed, and nothing of its answer has been used. `wasSent`: its origin may have seen the request. */
export function attemptFailed(exchange: HttpExchange, error: SluiceError, wasSent: boolean): void {
  const { attempts, answerWay, kept } = exchange;
  if (!kept.isDue && !answerWay.holdsHead && mayTryElsewhere(exchange, wasSent)) {
    tryElsewhere(exchange, error, 0);
    return;
  }
  attempts.failed(error.code);
  if (kept.isDue) kept.begin();
  else exchange.giveUp(error);
}

/** The answer to the running attempt is not passed on: on to another one. */
export function answerLetGo(exchange: HttpExchange, status: number): void {
  exchange.response.reset();
  tryElsewhere(exchange, new SluiceError('upstream_unavailable', { message: `the server answered ${status}` }), status);
}

function tryElsewhere(exchange: HttpExchange, error: SluiceError, status: number): void {
  exchange.attempts.moved(error, status);
  exchange.producer = null;
  // What the client sends meanwhile waits for whoever takes it.
  exchange.pauseRequest();
  try {
    toTarget(exchange);
  } catch (cause) {
    exchange.fault(cause);
  }
}
