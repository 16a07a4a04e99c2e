// Results as tables, for the terminal and for the report.
// Rule: numbers get three significant digits; more would pretend.
import { ratioToBaseline, type CaseResult } from './results.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const grouped = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 });

export function formatNumber(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : grouped.format(value);
}

export function formatRatio(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(2)} ×`;
}

export function tableOf(result: CaseResult): Table {
  const shared = result.rows.some((row) => row.result?.leastShare !== undefined);
  const failed = result.rows.some((row) => (row.result?.errors ?? 0) > 0);
  const head = ['', result.cost, `to ${result.baseline}`, 'per second', 'p50 ms', 'p99 ms', 'resident MiB'];
  if (shared) head.push('least busy worker');
  if (failed) head.push('errors');
  const rows = result.rows.map((row) => {
    const { result: sample } = row;
    if (sample === undefined) return [row.label, row.note ?? '–', ...Array.from({ length: head.length - 2 }, () => '')];
    const cells = [
      row.label,
      formatNumber(sample.cost),
      formatRatio(ratioToBaseline(result, row)),
      formatNumber(sample.perSecond),
      formatNumber(sample.p50Ms),
      formatNumber(sample.p99Ms),
      formatNumber(sample.rssMiB),
    ];
    if (shared) cells.push(sample.leastShare === undefined ? '–' : `${Math.round(sample.leastShare * 100)} %`);
    if (failed) cells.push(String(sample.errors));
    return cells;
  });
  return { head, rows };
}

/** Columns padded with spaces; the first one is text, the others are numbers. */
export function asText(table: Table): string {
  const lines = [table.head, ...table.rows];
  // Notes of peers that failed are longer than any number and must not widen the column for all.
  const widths = table.head.map((head, column) =>
    Math.max(head.length, ...table.rows.filter((row) => row[2] !== '').map((row) => (row[column] ?? '').length)),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function asMarkdown(table: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = table.head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [table.head, rule, ...table.rows].map(line).join('\n');
}
