// What the cache would do with a request, in a dry run. Rule: nothing is looked up and nobody waits; whether something is kept is known
// only where it is kept.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import { wishesOf } from '../../services/cache/rules/reuse.ts';
import { Asking } from './asking.ts';
import type { CacheOptions } from './cache-options.ts';
import { Turns } from './turns.ts';

export function foreseenCache(options: CacheOptions): Policy {
  const asking = new Asking(options, new Turns());
  return { name: 'cache', foresee: (exchange) => foresee(asking, exchange) };
}

function foresee(asking: Asking, exchange: Exchange): string {
  const { method, fields, hasBody } = exchange.request;
  const { key, url } = asking.placeOf(exchange);
  if (method !== 'GET' && method !== 'HEAD')
    return `passes ${method} on; what is kept of ${url} is dropped if the answer is no error`;
  if (hasBody || asking.bypasses(fields)) return 'passes it by: neither looks for it nor keeps its answer';
  const shown = JSON.stringify(key.trimStart());
  const wishes = wishesOf(fields);
  if (wishes.onlyIfCached) return `looks for the key ${shown}, and answers 504 if nothing fresh is kept by it`;
  if (wishes.noCache)
    return `asks the server in any case, as the client wants it, and keeps the answer by the key ${shown} if it may`;
  return `gives what the route keeps by the key ${shown} if it is fresh, else asks the server and keeps the answer if it may`;
}
