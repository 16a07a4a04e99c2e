// The metrics as Prometheus text (exposition format 0.0.4), clean under `promtool check metrics`.
// Rule: every family once, its HELP and TYPE first, its series together.

import { seriesKey } from './metric-definition.ts';
import type { MetricFamily, MetricsView, ReadableSeries } from './metrics-view.ts';

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What is written before the numbers of a series never changes: it is made once. */
const prefixesOf = new WeakMap<ReadableSeries, readonly string[]>();

export function renderPrometheus(view: MetricsView): string {
  let text = '';
  for (const family of view.families()) {
    if (family.series.size === 0) continue;
    const { name, help, type } = family.definition;
    text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
    for (const series of family.series.values()) text += renderSeries(family, series);
  }
  return text;
}

function renderSeries(family: MetricFamily, series: ReadableSeries): string {
  let prefixes = prefixesOf.get(series);
  if (prefixes === undefined) {
    prefixes = seriesPrefixes(family, series);
    prefixesOf.set(series, prefixes);
  }
  const numbers = series.read();
  return family.definition.type === 'histogram'
    ? renderHistogram(prefixes, numbers)
    : `${prefixes[0]}${formatNumber(numbers[0])}\n`;
}

/** The order is that of the lines: buckets, sum, count. */
function seriesPrefixes({ definition }: MetricFamily, { labels }: ReadableSeries): string[] {
  const { name, type, buckets } = definition;
  if (type !== 'histogram') return [`${seriesKey(name, labels)} `];
  const bounds = [...buckets, Infinity];
  const lines = bounds.map((bound) => seriesKey(`${name}_bucket`, { ...labels, le: formatNumber(bound) }));
  return [...lines, seriesKey(`${name}_sum`, labels), seriesKey(`${name}_count`, labels)].map((line) => `${line} `);
}

function renderHistogram(prefixes: readonly string[], numbers: Float64Array): string {
  const bucketCount = numbers.length - 1;
  let text = '';
  let cumulated = 0;
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    cumulated += numbers[bucket + 1] ?? 0;
    text += `${prefixes[bucket]}${cumulated}\n`;
  }
  return `${text}${prefixes[bucketCount]}${formatNumber(numbers[0])}\n${prefixes[bucketCount + 1]}${cumulated}\n`;
}

function formatNumber(value = 0): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}
