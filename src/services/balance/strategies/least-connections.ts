// Whoever has the fewest uses under way for its weight, of all threads. Rule: of equals, whoever waited longest.
import type { Admission } from '../admission.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

export class LeastConnections<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
  }

  choose(admission: Admission<T>): Member<T> | null {
    let best: Member<T> | null = null;
    let bestLoad = Infinity;
    for (const member of this.#members) {
      if (!admission.admits(member)) continue;
      const load = (member.active + 1) / member.weightAt(admission);
      if (best !== null && (load > bestLoad || (load === bestLoad && member.turn >= best.turn))) continue;
      best = member;
      bestLoad = load;
    }
    return best;
  }
}
