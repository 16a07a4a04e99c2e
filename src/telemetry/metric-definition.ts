// What a metric series is, as plain data that can be posted from a worker to the main thread.
// Rule: the definition says where in a slab its numbers lie; it holds no numbers itself.

export type MetricType = 'counter' | 'gauge' | 'histogram';
export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricDefinition {
  readonly type: MetricType;
  readonly name: string;
  readonly help: string;
  readonly labels: MetricLabels;
  /** Where in the slab it begins: one number, or what HISTOGRAM describes. */
  readonly slot: number;
  /** Upper bounds of a histogram's buckets, ascending, without +Inf; empty for the others. */
  readonly buckets: readonly number[];
}

/** A histogram's numbers in a slab: which bounds it has, the sum of what was observed, and a count per bucket, the last for +Inf. */
export const HISTOGRAM: { readonly BOUNDS: 0; readonly SUM: 1; readonly COUNTS: 2 } = { BOUNDS: 0, SUM: 1, COUNTS: 2 };

/** Name and labels in one text, the same for the same series whatever the order of its labels. */
export function seriesKey(name: string, labels: MetricLabels): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((label) => `${label}="${escapeLabel(labels[label] ?? '')}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
