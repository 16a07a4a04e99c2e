// What people have decided about backends while Sluice runs: that one gets nothing new, or nothing at all. Rule: it holds until the next start,
// over every reload; a backend that is not there any more means nothing.
import type { Group } from '../../services/balance/group.ts';
import type { AdminState } from '../../services/balance/member-state.ts';

export interface BackendChange {
  readonly enabled?: boolean | undefined;
  /** It finishes what it has and gets nothing new. */
  readonly draining?: boolean | undefined;
}

export class BackendDecisions {
  readonly #decided = new Map<string, AdminState>();

  stateOf(name: string): AdminState {
    return this.#decided.get(name) ?? 'enabled';
  }

  change(name: string, { enabled, draining }: BackendChange): void {
    const before = this.stateOf(name);
    const isEnabled = enabled ?? before !== 'disabled';
    const isDraining = draining ?? (before === 'draining' && enabled !== true);
    if (!isEnabled) this.#decided.set(name, 'disabled');
    else if (isDraining) this.#decided.set(name, 'draining');
    else this.#decided.delete(name);
  }

  /** At once on all threads, which share the state of the members. */
  apply<T>(group: Group<T>, nameOf: (member: string) => string): void {
    for (const member of group.members) member.admin = this.stateOf(nameOf(member.id));
  }
}

/** As it is named in the admin API. */
export function backendName(route: string, member: string): string {
  return `${route}/${member}`;
}
