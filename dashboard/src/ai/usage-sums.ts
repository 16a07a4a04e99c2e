// Usage as the page shows it: by day for a chart, summed up for a table. Rule: sums are of what Sluice has told, and what has no price is no zero.
import type { AiUsageLine } from '../../../src/control/admin-answers.ts';

export type UsageKey = 'user' | 'model';
export type Measure = 'tokens' | 'cost' | 'requests';

export interface UsageRow {
  readonly name: string;
  readonly requests: number;
  readonly unknown: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** null: nothing of it has a price. */
  readonly cost: number | null;
}

export interface DaySeries {
  readonly label: string;
  readonly values: readonly number[];
}

const DAY_MS = 86_400_000;
/** As many as there are colours; the last one is for all others. */
const MOST_SERIES = 6;
const OTHERS = 'others';

/** Both ends included, in seconds since 1970. */
export function daysBetween(from: string, to: string): number[] {
  const days: number[] = [];
  for (let atMs = Date.parse(from); atMs <= Date.parse(to); atMs += DAY_MS) days.push(atMs / 1000);
  return days;
}

/** What used most comes first. */
export function rowsBy(lines: readonly AiUsageLine[], key: UsageKey): UsageRow[] {
  const rows = new Map<string, UsageRow>();
  for (const line of lines) {
    const name = nameIn(line, key);
    rows.set(name, added(rows.get(name) ?? emptyRow(name), line));
  }
  return [...rows.values()].toSorted((one, other) => tokensOf(other) - tokensOf(one) || other.requests - one.requests);
}

/** What has most of the measure comes first; what is beyond the colours is put together. */
export function seriesBy(
  lines: readonly AiUsageLine[],
  days: readonly number[],
  { key, measure }: { readonly key: UsageKey; readonly measure: Measure },
): DaySeries[] {
  const places = new Map(days.map((day, place) => [day, place]));
  const byName = new Map<string, number[]>();
  for (const line of lines) {
    const place = places.get(Date.parse(line.day ?? '') / 1000);
    if (place === undefined) continue;
    const values = byName.get(nameIn(line, key)) ?? days.map(() => 0);
    values[place] = (values[place] ?? 0) + measured(line, measure);
    byName.set(nameIn(line, key), values);
  }
  const all = [...byName].map(([label, values]) => ({ label, values, whole: sum(values) }));
  const sorted = all.filter(({ whole }) => whole > 0).toSorted((one, other) => other.whole - one.whole);
  if (sorted.length <= MOST_SERIES) return sorted;
  const rest = sorted.slice(MOST_SERIES - 1);
  const others = days.map((_, place) => sum(rest.map(({ values }) => values[place] ?? 0)));
  return [...sorted.slice(0, MOST_SERIES - 1), { label: OTHERS, values: others }];
}

function nameIn(line: AiUsageLine, key: UsageKey): string {
  const name = line[key] ?? '';
  if (name !== '') return name;
  return key === 'user' ? 'nobody named' : 'not told';
}

function emptyRow(name: string): UsageRow {
  return { name, requests: 0, unknown: 0, input: 0, output: 0, cacheRead: 0, cacheWrite: 0, cost: null };
}

function added(row: UsageRow, line: AiUsageLine): UsageRow {
  return {
    name: row.name,
    requests: row.requests + line.requests,
    unknown: row.unknown + line.unknown_requests,
    input: row.input + line.input_tokens,
    output: row.output + line.output_tokens,
    cacheRead: row.cacheRead + line.cache_read_tokens,
    cacheWrite: row.cacheWrite + line.cache_write_tokens,
    cost: line.cost === null ? row.cost : (row.cost ?? 0) + line.cost,
  };
}

function tokensOf({ input, output, cacheRead, cacheWrite }: UsageRow): number {
  return input + output + cacheRead + cacheWrite;
}

function measured(line: AiUsageLine, measure: Measure): number {
  if (measure === 'requests') return line.requests;
  if (measure === 'cost') return line.cost ?? 0;
  return line.input_tokens + line.output_tokens + line.cache_read_tokens + line.cache_write_tokens;
}

function sum(values: readonly number[]): number {
  return values.reduce((whole, value) => whole + value, 0);
}
