// What a door records of its exchanges. Rule: without a collector there is no tracer, and nothing is spent on traces.
import type { TracesConfig } from '../../config/schema/traces.ts';
import { Tracer } from '../../engine/tracer.ts';
import type { SpanGatherer } from '../../telemetry/traces/span-gatherer.ts';

export function tracerOf({ endpoint, sample, follow_parent }: TracesConfig, spans: SpanGatherer): Tracer | null {
  if (endpoint === null) return null;
  return new Tracer({
    sampling: { share: sample, followsParent: follow_parent },
    take: (span) => spans.add(span),
  });
}
