// Where a route would lead a request: the answer, or the backends with what they are asked for. Rule: paths are filled in by whoever
// fills them in for real requests.
import type { RouteTarget } from '../../config/schema/targets.ts';
import type { RequestView } from '../../contract/exchange.ts';
import { redirectLocation } from '../registry.ts';
import type { ExplainedResult } from './explanation.ts';

/** `pattern` is the path of the route; of the request its policies have been asked already. */
export function explainTarget(to: RouteTarget, pattern: string, request: RequestView): ExplainedResult {
  if ('respond' in to) return { kind: 'answered', status: to.respond.status, code: null, text: 'a fixed answer' };
  if ('redirect' in to) return redirectTo(to.redirect, to.status, { pattern, request });
  if ('tunnel' in to) return backendNamed(`the tunnel ${to.tunnel}`);
  const { backends, strategy, host, via } = to;
  const urls = backends.map(({ url }) => url);
  const { upstreamTarget } = request;
  return backendNamed(
    [
      urls.length === 1 ? (urls[0] ?? '') : `one of ${urls.join(', ')} (${strategy})`,
      ...(upstreamTarget === '' ? [] : [`asked for ${upstreamTarget}`]),
      ...(host === 'keep' ? [] : [`by the name of ${host === 'backend' ? 'the backend' : host}`]),
      ...(via.length === 0 ? [] : [`through ${via.join(', then ')}`]),
    ].join(' '),
  );
}

interface Redirected {
  readonly pattern: string;
  readonly request: RequestView;
}

export function redirectTo(to: string, status: number, { pattern, request }: Redirected): ExplainedResult {
  const location = redirectLocation(to, pattern)(request);
  return { kind: 'answered', status, code: null, text: `a redirect to ${location}` };
}

export function backendNamed(text: string): ExplainedResult {
  return { kind: 'backend', status: null, code: null, text };
}
