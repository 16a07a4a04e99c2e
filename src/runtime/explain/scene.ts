// What a dry run may look at. Types only. Rule: it looks and changes nothing; states are read where the data path writes them.
import type { KnownNames } from '../../services/tunnels/known-names.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { DomainShelf } from '../../services/domains/domain-shelf.ts';
import type { BackendSpec } from '../backends/resolved-backends.ts';
import type { BudgetTable } from '../../services/usage/budget-table.ts';
import type { ControlGuard } from '../../services/rules/control-guard.ts';
import type { OwnDoors } from '../../services/rules/own-doors.ts';

export interface Scene extends Pick<LoadedConfig, 'config' | 'origins'> {
  /** The states of the proxies. */
  readonly members: MemberTable;
  readonly lists: DomainShelf;
  /** The backends of a route that is balanced, with the addresses that are known of their names; null or missing: as configured. */
  readonly backendsOf?: (route: string) => readonly BackendSpec[] | null;
  /** What users have used of AI; missing: nobody knows. */
  readonly budgets?: BudgetTable | undefined;
  /** The names of tunnels of users of the configuration; missing: nobody knows. */
  readonly knownNames?: KnownNames | undefined;
  /** Of an account of a provider of AI, whether only its owner can mend its login; missing: nobody knows. */
  readonly isDeadAccount?: (provider: 'claude' | 'chatgpt', id: string) => boolean;
  /** Where this Sluice listens, or would. */
  readonly doors: OwnDoors;
  /** Those of the control plane; missing: nobody knows. */
  readonly controls?: ControlGuard;
}
