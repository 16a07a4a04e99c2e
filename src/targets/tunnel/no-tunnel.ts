// The answer where a tunnel is missing. Rule: a name that nobody has and one whose client is away are told apart; a browser gets a page,
// everybody else JSON.
import type { Answer, Exchange } from '../../contract/exchange.ts';
import { ERROR_CATALOGUE, type ErrorCode, errorBody } from '../../core/errors.ts';

const RETRY_MS = 5_000;

export interface RefusalDetail {
  readonly message?: string;
  readonly retryAfterMs?: number;
}

export function refuseTunnel(exchange: Exchange, code: ErrorCode, detail: RefusalDetail = {}): void {
  exchange.answer(absence(exchange, code, detail));
}

function absence(exchange: Exchange, code: ErrorCode, detail: RefusalDetail): Answer {
  const { message = ERROR_CATALOGUE[code].summary, retryAfterMs = RETRY_MS } = detail;
  const { request } = exchange;
  const { status, retry } = ERROR_CATALOGUE[code];
  const later = retry ? [['Retry-After', String(Math.ceil(retryAfterMs / 1000))] as const] : [];
  // The gateway has given the request an id, which stands in its log.
  const id = request.fields.get('x-request-id') ?? exchange.id;
  const fields = [['Cache-Control', 'no-store'] as const, ['Sluice-Error', code] as const, ...later];
  if (!wantsPage(exchange)) {
    const body = `${JSON.stringify(errorBody(code, message, id))}\n`;
    return { status, fields: [...fields, ['Content-Type', 'application/json']], body };
  }
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  const type = [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Security-Policy', policy],
  ] as const;
  return { status, fields: [...fields, ...type], body: page({ status, message, host: request.host, id }) };
}

function wantsPage({ request: { method, fields } }: Exchange): boolean {
  return (
    (method === 'GET' || method === 'HEAD') && /(?:^|[\s,])text\/html(?:$|[\s,;])/i.test(fields.get('accept') ?? '')
  );
}

interface PageText {
  readonly status: number;
  readonly message: string;
  readonly host: string;
  readonly id: string;
}

function page({ status, message, host, id }: PageText): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(message)}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}small{opacity:.6}</style>
<h1>${escaped(message)}</h1>
<p>${escaped(host)}</p>
<small>${status} · ${escaped(id)}</small>
`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
]);

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => ENTITIES.get(mark) ?? mark);
}
