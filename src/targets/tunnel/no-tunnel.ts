// The answer where a tunnel is missing. Rule: a name that nobody has and one whose client is away are told apart; a browser gets a page,
// everybody else JSON.
import type { Answer, Exchange } from '../../contract/exchange.ts';
import { ERROR_CATALOGUE, type ErrorCode, errorBody } from '../../core/errors.ts';
import { plainPage } from '../../core/plain-page.ts';

const RETRY_MS = 5_000;

export interface RefusalDetail {
  readonly message?: string;
  readonly retryAfterMs?: number;
  /** In place of that of the error, for another node. */
  readonly status?: number;
  /** Added for another node. */
  readonly field?: string;
}

export function refuseTunnel(exchange: Exchange, code: ErrorCode, detail: RefusalDetail | null = null): void {
  exchange.answer(absence(exchange, code, detail ?? {}));
}

function absence(exchange: Exchange, code: ErrorCode, detail: RefusalDetail): Answer {
  const { message = ERROR_CATALOGUE[code].summary, retryAfterMs = RETRY_MS } = detail;
  const { request } = exchange;
  const { retry } = ERROR_CATALOGUE[code];
  const { status = ERROR_CATALOGUE[code].status, field } = detail;
  const later = retry ? [['Retry-After', String(Math.ceil(retryAfterMs / 1000))] as const] : [];
  // The gateway has given the request an id, which stands in its log.
  const id = request.fields.get('x-request-id') ?? exchange.id;
  const said = field === undefined ? [] : [[field, '1'] as const];
  const fields = [['Cache-Control', 'no-store'] as const, ['Sluice-Error', code] as const, ...later, ...said];
  if (!wantsPage(exchange)) {
    const body = `${JSON.stringify(errorBody(code, message, id))}\n`;
    return { status, fields: [...fields, ['Content-Type', 'application/json']], body };
  }
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  const type = [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Security-Policy', policy],
  ] as const;
  return {
    status,
    fields: [...fields, ...type],
    body: plainPage({ heading: message, text: request.host, small: `${status} · ${id}` }),
  };
}

function wantsPage({ request: { method, fields } }: Exchange): boolean {
  return (
    (method === 'GET' || method === 'HEAD') && /(?:^|[\s,])text\/html(?:$|[\s,;])/i.test(fields.get('accept') ?? '')
  );
}
