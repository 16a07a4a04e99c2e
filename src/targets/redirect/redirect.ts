// An answer that sends the client elsewhere. Rule: what was asked for goes along: what the star of the path stands for where
// `{rest}` says so, and the query always.
import type { Answer, Exchange } from '../../contract/exchange.ts';
import { restOfPath } from './rest-of-path.ts';

export interface RedirectOptions {
  /** A path or a URL, with `{rest}` where that goes. */
  readonly to: string;
  readonly status: number;
  /** Of the route. */
  readonly pattern: string;
}

export function redirect({ to, status, pattern }: RedirectOptions): (exchange: Exchange) => Answer {
  return ({ request }) => {
    const rest = restOfPath(pattern, request.path);
    const location = withQuery(
      to.replaceAll('{rest}', () => rest),
      request.query,
    );
    return { status, fields: [['Location', location]] };
  };
}

function withQuery(location: string, query: string): string {
  if (query.length <= 1) return location;
  const mark = location.indexOf('#');
  const [base, fragment] = mark < 0 ? [location, ''] : [location.slice(0, mark), location.slice(mark)];
  return `${base}${base.includes('?') ? `&${query.slice(1)}` : query}${fragment}`;
}
