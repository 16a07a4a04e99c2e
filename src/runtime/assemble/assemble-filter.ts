// Turns what the configuration says of filters into policies. Rule: the lists have been read before; here they are only looked up.
import { filterFiles } from '../../config/checks/filter-files.ts';
import type { Config } from '../../config/config.ts';
import type { FilterPolicy } from '../../config/schema/policies-filter.ts';
import type { Policy } from '../../contract/policy.ts';
import { DomainFilter, domainSetOfPatterns } from '../../services/domains/domain-filter.ts';
import type { DomainList } from '../../services/domains/domain-list.ts';
import { DomainLists } from '../../services/domains/domain-lists.ts';
import type { DomainShelf } from '../../services/domains/domain-shelf.ts';
import type { Logger } from '../../telemetry/application-log.ts';
import { filter } from '../registry.ts';

export interface FilterSurroundings {
  readonly lists: DomainShelf;
  readonly isForwardProxy: boolean;
}

export function createFilter(settings: FilterPolicy, { lists, isForwardProxy }: FilterSurroundings): Policy {
  const { mode, domains, files } = settings;
  const written = domains.length === 0 ? [] : [domainSetOfPatterns(domains)];
  const sources = [
    ...written.map((set) => ({ name: 'domains', from: 'position' as const, set })),
    ...files.map((file) => ({ name: file, from: 'line' as const, set: lists.requireSet(file) })),
  ];
  return filter({ filter: new DomainFilter({ mode, sources }), isForwardProxy });
}

/** The files of all filters. */
export function listsOf(config: Config): readonly string[] {
  return filterFiles(config).map(({ file }) => file);
}

/** Says in the log what has been read, and what was not understood. */
export function loggedLists(logger: Pick<Logger, 'info' | 'warn'>): DomainLists {
  return new DomainLists(({ file, set, leftOut, readMs }: DomainList) => {
    // Whoever fetches lists may have got nothing.
    const level = set.size === 0 ? 'warn' : 'info';
    logger[level]({ file, entries: set.size, duration_ms: Math.round(readMs) }, 'list of domains read');
    if (leftOut === null) return;
    const { count, line, reason } = leftOut;
    logger.warn({ file, lines: count, first: `${file}:${line}`, reason }, 'lines of a list left out');
  });
}
