// Another path for a backend than the client has asked for. Rule: what the router has understood is rewritten, never what was sent:
// no `..` and no empty part gets past a prefix that is taken off.
import type { Policy } from '../../contract/policy.ts';
import { PathTemplate } from '../../core/path-template.ts';
import { swappedPrefixes } from './swapped-prefixes.ts';

export interface PathRewriteOptions {
  /** Of the route. */
  readonly pattern: string;
  /** What to ask for, with places for what the path says. */
  readonly to: string;
}

const PREFIX_FIELD = 'X-Forwarded-Prefix';

export function pathRewrite({ pattern, to }: PathRewriteOptions): Policy {
  const template = new PathTemplate(to, pattern);
  const prefix = swappedPrefixes(pattern, to)?.outer ?? '';
  return {
    name: 'rewrite',
    request: ({ request }) => {
      // What the client says of a prefix would be believed.
      request.fields.remove('x-forwarded-prefix');
      if (asksForServer(request.path, request.method)) return;
      request.upstreamTarget = template.fill(request.path) + request.query;
      if (prefix !== '') request.fields.append(PREFIX_FIELD, prefix);
    },
  };
}

/** `OPTIONS *`, which an absolute target says without a path, is about no path. */
function asksForServer(path: string, method: string): boolean {
  return path === '*' || (path === '' && method === 'OPTIONS');
}
