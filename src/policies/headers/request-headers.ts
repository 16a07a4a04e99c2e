// Changes the header of requests on their way to a target. Rule: it is the last policy to see a request, so that all others judge
// what the client has sent.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { HeaderChanges } from './header-changes.ts';

export function requestHeaders(changes: HeaderChanges): Policy {
  return {
    name: 'headers',
    request({ request: { fields } }: Exchange): void {
      changes.take(fields);
      changes.put(fields);
    },
  };
}
