// Requests to a provider of AI as the provider is to get them: its own paths, the fields that the configuration adds, and time to
// think. Rule: nothing else is changed, neither on the way there nor on the way back.
import type { Bounds } from '../../contract/bounds.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { ErrorShape, Policy } from '../../contract/policy.ts';
import { PathTemplate } from '../../core/path-template.ts';

export interface AiRelayOptions {
  /** The path that stands here for what the provider has below `inner`; neither has a slash at its end. */
  readonly outer: string;
  readonly inner: string;
  /** Field names in lower case that the provider does not want. */
  readonly leaveOut: readonly string[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bounds: Bounds;
  readonly errorShape: ErrorShape;
}

/** An empty part, or one that leads elsewhere: such a path is written anew from what the router has understood of it. */
const UNPLAIN = /\/(?:\/|\.|%2e)/i;

export function aiRelay({ outer, inner, leaveOut, headers, bounds, errorShape }: AiRelayOptions): Policy {
  const template = new PathTemplate(`${inner}/{rest}`, `${outer}/*`);
  const added = headers.map(([name, value]) => [name.toLowerCase(), name, value] as const);
  return {
    name: 'ai-relay',
    bounds,
    errorShape,
    request({ request }: Exchange): void {
      const { path, query, fields } = request;
      const isPlain = path.startsWith(`${outer}/`) && !UNPLAIN.test(path);
      request.upstreamTarget = (isPlain ? inner + path.slice(outer.length) : template.fill(path)) + query;
      for (const name of leaveOut) fields.remove(name);
      for (const [lowerName, name, value] of added) {
        fields.remove(lowerName);
        fields.append(name, value);
      }
    },
  };
}
