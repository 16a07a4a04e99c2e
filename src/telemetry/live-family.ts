// A family whose series are what there is at this moment, such as the members of a pool. Rule: it is read once and thrown away,
// so that what is gone leaves nothing behind.
import { type MetricDefinition, type MetricLabels, seriesKey } from './metric-definition.ts';
import type { MetricFamily, ReadableSeries } from './metrics-view.ts';

export type LiveDefinition = Pick<MetricDefinition, 'name' | 'help'> & { readonly type: 'counter' | 'gauge' };

export function liveFamily(
  { type, name, help }: LiveDefinition,
  readings: Iterable<readonly [labels: MetricLabels, value: number]>,
): MetricFamily {
  const series = new Map<string, ReadableSeries>();
  for (const [labels, value] of readings) {
    series.set(seriesKey(name, labels), { labels, read: () => Float64Array.of(value) });
  }
  return { definition: { type, name, help, labels: {}, slot: 0, buckets: [] }, series };
}
