// What a strategy is: it orders the members of one tier (those of the same priority). Types only. Rule: `choose` allocates
// nothing and takes nobody whom the admission does not admit.
import type { Admission } from './admission.ts';
import type { Member } from './member.ts';

export interface Strategy<T> {
  /** The member that a new use should have; null when none is admitted. */
  choose(admission: Admission<T>): Member<T> | null;
}
