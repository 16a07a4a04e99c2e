// What a route changes between the URLs of its clients and those of its backends. Rule: a route whose backends are asked for what
// the client has asked for pays nothing.
import type { BackendsTarget } from '../../config/schema/targets.ts';
import type { Policy } from '../../contract/policy.ts';
import { KEEP_HOST, originOfUrl, pathRewrite, type SwappedPrefixes, swappedPrefixes, wayBack } from '../registry.ts';

/** For one path of the route. */
export function rewritePolicies({ backends, rewrite, host }: BackendsTarget, pattern: string): Policy[] {
  const origins = backends.map(({ url }) => originOfUrl(url, { host: 'backend' }));
  const isMoved = rewrite !== null || origins.some(({ pathPrefix }) => pathPrefix !== '');
  if (!isMoved && host === KEEP_HOST) return [];
  const swapped = rewrite === null ? { outer: '', inner: '' } : swappedPrefixes(pattern, rewrite);
  const prefixes = swapped === null ? [] : origins.map(({ pathPrefix }) => below(pathPrefix, swapped));
  const names = origins.flatMap(({ hostField }) => hostField ?? []);
  const authorities = new Set([...names, host].map((name) => name.toLowerCase()));
  const back = wayBack({ authorities, prefixes });
  return rewrite === null ? [back] : [pathRewrite({ pattern, to: rewrite }), back];
}

function below(prefix: string, { outer, inner }: SwappedPrefixes): SwappedPrefixes {
  return { outer, inner: prefix + inner };
}
