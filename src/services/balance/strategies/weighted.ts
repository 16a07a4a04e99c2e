// Smooth weighted round robin (nginx's): over as many picks as the weights add up to, each member gets exactly its weight,
// and evenly spread. Rule: the credit of a member is its own, so that a change of the group begins no new round.
import type { Admission } from '../admission.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

export class Weighted<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
  }

  choose(admission: Admission<T>): Member<T> | null {
    let best: Member<T> | null = null;
    let total = 0;
    for (const member of this.#members) {
      if (!admission.admits(member)) continue;
      const weight = member.weightAt(admission);
      total += weight;
      member.credit += weight;
      if (best === null || member.credit > best.credit) best = member;
    }
    if (best !== null) best.credit -= total;
    return best;
  }
}
