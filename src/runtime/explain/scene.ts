// What a dry run may look at. Types only. Rule: it looks and changes nothing; states are read where the data path writes them.
import type { LoadedConfig } from '../../config/load.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { DomainShelf } from '../../services/domains/domain-shelf.ts';
import type { OwnDoors } from '../../services/rules/own-doors.ts';

export interface Scene extends Pick<LoadedConfig, 'config' | 'origins'> {
  /** The states of the proxies. */
  readonly members: MemberTable;
  readonly lists: DomainShelf;
  /** Where this Sluice listens, or would. */
  readonly doors: OwnDoors;
}
