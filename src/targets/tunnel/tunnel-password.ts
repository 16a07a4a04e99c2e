// The password that the owner of a tunnel has put before it. Rule: it is for this server, and the app does not see it; whoever shows none
// is asked for one.
import type { Exchange } from '../../contract/exchange.ts';
import { ERROR_CATALOGUE, errorBody } from '../../core/errors.ts';
import { parseBasic } from '../../services/identity/basic-credentials.ts';
import { isSameSecret } from '../../services/identity/same-secret.ts';

/** `expected` is `user:password`, or null where nothing is asked. False: the visitor was answered. */
export function isLetIn(exchange: Exchange, expected: string | null, name: string): boolean {
  if (expected === null) return true;
  const { fields } = exchange.request;
  const shown = parseBasic(fields.get('authorization') ?? '');
  if (shown !== null && isSameSecret(`${shown.name}:${shown.password}`, expected)) {
    fields.remove('authorization');
    return true;
  }
  const { status, summary } = ERROR_CATALOGUE.unauthorized;
  const id = fields.get('x-request-id') ?? exchange.id;
  exchange.answer({
    status,
    fields: [
      ['WWW-Authenticate', `Basic realm="${name}", charset="UTF-8"`],
      ['Cache-Control', 'no-store'],
      ['Content-Type', 'application/json'],
    ],
    body: `${JSON.stringify(errorBody('unauthorized', summary, id))}\n`,
  });
  return false;
}
