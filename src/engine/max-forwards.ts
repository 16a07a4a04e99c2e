// What `Max-Forwards` asks for (RFC 9110, 7.6.2). Rule: only OPTIONS and TRACE obey it; each of us on the way takes one off.
import { METHOD } from '../codec/http1/head.ts';
import type { HttpExchange } from './exchange.ts';

/** True: the sender asks about us, not about whom we would ask, and has been answered. */
export function answersAsLast(exchange: HttpExchange): boolean {
  const { request } = exchange;
  const { maxForwards } = request;
  if (maxForwards > 0) request.fields.set('max-forwards', String(maxForwards - 1));
  if (maxForwards !== 0) return false;
  if (request.head.methodId === METHOD.TRACE) exchange.fail('method_not_allowed');
  else exchange.answer({ status: 204, fields: [['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']] });
  return true;
}
