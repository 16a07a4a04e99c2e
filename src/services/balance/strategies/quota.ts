// Whoever has the most left of what its owner has told of it (a quota), for its weight; of those that have about as much left, the one
// that was picked longest ago. Rule: who is nearly used up is picked only when nobody else can be.
import type { Admission } from '../admission.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

/** Less of a difference than this is none: what is known is a little old, and nobody is to get everything for it. */
const AS_MUCH = 0.9;

export class Quota<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
  }

  choose(admission: Admission<T>): Member<T> | null {
    const enough = this.#mostLeft(admission) * AS_MUCH;
    let best: Member<T> | null = null;
    let hesitant: Member<T> | null = null;
    for (const member of this.#members) {
      if (member.left < enough || !admission.admits(member)) continue;
      if (admission.hesitates(member)) hesitant ??= member;
      else if (best === null || member.turn < best.turn) best = member;
    }
    return best ?? hesitant;
  }

  #mostLeft(admission: Admission<T>): number {
    let most = 0;
    for (const member of this.#members) {
      if (admission.admits(member)) most = Math.max(most, member.left);
    }
    return most;
  }
}
