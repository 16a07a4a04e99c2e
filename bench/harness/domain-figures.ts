// What bench/domain-filter.ts finds out, and how it is shown.
import { formatNumber, type Table } from './table.ts';

export interface DomainFigures {
  /** How the names are written in the file. */
  readonly kind: string;
  /** CPU time for a host that is on the list, and for one that is not. */
  readonly listedNs: number;
  readonly otherNs: number;
  /** By which the resident memory has grown, divided by the entries. */
  readonly bytesPerEntry: number;
  /** CPU time of the thread that reads it; the best of several. */
  readonly loadMs: number;
  /** The most CPU time of the serving thread between two turns of its event loop, in all reloads. */
  readonly turnMs: number;
  /** Resident memory after several reloads, one after the other, beyond that without a list. */
  readonly afterReloadsMiB: number;
}

export function domainTable(figures: readonly DomainFigures[]): Table {
  const rows: readonly (readonly [string, string, (of: DomainFigures) => string])[] = [
    ['look-up of a name that is listed', 'under 1,000 ns', ({ listedNs }) => `${formatNumber(listedNs)} ns`],
    ['look-up of one that is not', 'under 1,000 ns', ({ otherNs }) => `${formatNumber(otherNs)} ns`],
    ['memory of an entry', 'at most 60 bytes', ({ bytesPerEntry }) => `${formatNumber(bytesPerEntry)} bytes`],
    ['reading the file', 'under 2,000 ms', ({ loadMs }) => `${formatNumber(loadMs)} ms`],
    ['longest pause during a reload', 'at most 20 ms', ({ turnMs }) => `${formatNumber(turnMs)} ms`],
    ['resident after eight reloads', '', ({ afterReloadsMiB }) => `${formatNumber(afterReloadsMiB)} MiB`],
  ];
  return {
    head: ['', ...figures.map(({ kind }) => kind), 'limit'],
    rows: rows.map(([what, limit, of]) => [what, ...figures.map(of), limit]),
  };
}
