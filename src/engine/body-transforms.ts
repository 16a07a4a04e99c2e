// The transforms that the policies of a route put on a body's way. Rule: the first in the list gets the bytes first, each ends
// after the one before it, and what the last one gives goes where the body would have gone without them.
import type { BodySink, BodyTransform } from '../contract/policy.ts';

/** Null when no policy wants this body. */
export function openTransforms<P>(
  policies: readonly P[],
  open: (policy: P, sink: BodySink) => BodyTransform | null,
  end: BodySink,
): BodyTransform | null {
  const chain: BodyTransform[] = [];
  for (let i = policies.length - 1; i >= 0; i--) {
    const transform = open(policies[i]!, chain[0] ?? end);
    if (transform !== null) chain.unshift(transform);
  }
  return chain.length > 1 ? new TransformChain(chain) : (chain[0] ?? null);
}

class TransformChain implements BodyTransform {
  private readonly first: BodyTransform;
  private readonly chain: readonly BodyTransform[];

  constructor(chain: readonly BodyTransform[]) {
    this.first = chain[0]!;
    this.chain = chain;
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.first.write(bytes, from, to);
  }

  end(): void {
    for (const transform of this.chain) transform.end();
  }

  abort(): void {
    for (const transform of this.chain) transform.abort();
  }
}
