// Where a route would lead a request: the answer, or the backends with what they are asked for. Rule: paths are filled in by whoever
// fills them in for real requests.
import type { BackendsTarget, RouteTarget } from '../../config/schema/targets.ts';
import type { RequestView } from '../../contract/exchange.ts';
import { redirectLocation } from '../registry.ts';
import type { ExplainedResult } from './explanation.ts';

/** `pattern` is the path of the route; of the request its policies have been asked already. */
export function explainTarget(to: RouteTarget, pattern: string, request: RequestView): ExplainedResult {
  if ('respond' in to) return { kind: 'answered', status: to.respond.status, code: null, text: 'a fixed answer' };
  if ('redirect' in to) return redirectTo(to.redirect, to.status, { pattern, request });
  if ('tunnel' in to) return backendNamed(`the tunnel ${to.tunnel}`);
  const urls = to.backends.map(({ url }) => url);
  const which = urls.length === 1 ? (urls[0] ?? '') : `one of ${urls.join(', ')} (${to.strategy})`;
  return backendNamed([which, ...manner(to, request)].join(' '));
}

/** How a backend is asked, and through what. */
export function manner({ host, via }: BackendsTarget, { upstreamTarget }: RequestView): string[] {
  return [
    ...(upstreamTarget === '' ? [] : [`asked for ${upstreamTarget}`]),
    ...(host === 'keep' ? [] : [`by the name of ${host === 'backend' ? 'the backend' : host}`]),
    ...(via.length === 0 ? [] : [`through ${via.join(', then ')}`]),
  ];
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
