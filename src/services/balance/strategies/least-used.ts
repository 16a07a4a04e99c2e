// Whoever had the fewest uses for its weight, of all threads and also those that were bound to it.
// Rule: who comes late or was away is not given what it missed: it starts where the others are.
import type { Admission } from '../admission.ts';
import { FLOAT } from '../member-slot.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

export class LeastUsed<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];
  /** How far the one who was picked last had come: nobody starts before it (start-time fair queueing). */
  #floor = 0;

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
    const furthest = members.reduce((most, { slot }) => Math.max(most, slot.read(FLOAT.USED_UNTIL)), 0);
    const longestStep = members.reduce((most, { weight }) => Math.max(most, 1 / weight), 0);
    this.#floor = Math.max(0, furthest - longestStep);
  }

  choose(admission: Admission<T>): Member<T> | null {
    let best: Member<T> | null = null;
    let bestAt = Infinity;
    for (const member of this.#members) {
      const at = Math.max(this.#floor, member.slot.read(FLOAT.USED_UNTIL));
      const isBetter = at < bestAt || (at === bestAt && best !== null && member.turn < best.turn);
      if (!isBetter || !admission.admits(member)) continue;
      best = member;
      bestAt = at;
    }
    if (best === null) return null;
    this.#floor = bestAt;
    best.slot.write(FLOAT.USED_UNTIL, bestAt);
    return best;
  }
}
