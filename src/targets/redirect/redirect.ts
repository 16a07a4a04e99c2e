// An answer that sends the client elsewhere. Rule: what was asked for goes along: what the open parts of the path stand for where
// the text says so, and the query always.
import type { Answer, Exchange, RequestView } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { HOST, PathTemplate, placeholders } from '../../core/path-template.ts';

export interface RedirectOptions {
  /** A path or a URL, with places for what the request says. */
  readonly to: string;
  readonly status: number;
  /** Of the route. */
  readonly pattern: string;
}

type Respond = (make: (exchange: Exchange) => Answer) => AnswerTarget;

/** `respond` makes a target of who makes answers. */
export function redirect({ to, status, pattern }: RedirectOptions, respond: Respond): AnswerTarget {
  const locate = redirectLocation(to, pattern);
  const target = respond(({ request }) => ({ status, fields: [['Location', locate(request)]] }));
  const needsHost = placeholders(to).includes(HOST);
  return needsHost ? { kind: 'answer', take: ifHostIsKnown(target) } : target;
}

/** Where a request is sent. */
export function redirectLocation(
  to: string,
  pattern: string,
): (request: Pick<RequestView, 'path' | 'query' | 'host'>) => string {
  const template = new PathTemplate(to, pattern);
  return ({ path, query, host }) => withQuery(template.fill(path, host), query);
}

const HTTPS = 443;

/** With what stands for the host and the path that were asked for. */
export function httpsUrl(port: number): string {
  return `https://${port === HTTPS ? '{host}' : `{host}:${port}`}/{rest}`;
}

/** The same URL with https. */
export function toHttps(port: number, respond: Respond): AnswerTarget {
  return redirect({ to: httpsUrl(port), status: 308, pattern: '/*' }, respond);
}

/** HTTP/1.0 knows requests that name no host. */
function ifHostIsKnown(target: AnswerTarget): AnswerTarget['take'] {
  return (exchange) => {
    if (exchange.request.host === '') exchange.fail('request_invalid', 'the request names no host');
    else target.take(exchange);
  };
}

function withQuery(location: string, query: string): string {
  if (query.length <= 1) return location;
  const mark = location.indexOf('#');
  const [base, fragment] = mark < 0 ? [location, ''] : [location.slice(0, mark), location.slice(mark)];
  return `${base}${base.includes('?') ? `&${query.slice(1)}` : query}${fragment}`;
}
