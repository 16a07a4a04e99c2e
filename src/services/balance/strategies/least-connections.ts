// Whoever has the fewest uses under way for its weight, of all threads. Rule: equals are taken by smooth weighted round robin,
// so that weights count also when there is little to do.
import type { Admission } from '../admission.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

export class LeastConnections<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
  }

  choose(admission: Admission<T>): Member<T> | null {
    const least = this.#leastLoad(admission);
    let best: Member<T> | null = null;
    let total = 0;
    for (const member of this.#members) {
      const weight = member.weightAt(admission);
      if (load(member, weight) > least || !admission.admits(member)) continue;
      total += weight;
      member.credit += weight;
      if (best === null || member.credit > best.credit) best = member;
    }
    if (best !== null) best.credit -= total;
    return best;
  }

  #leastLoad(admission: Admission<T>): number {
    let least = Infinity;
    for (const member of this.#members) {
      const its = load(member, member.weightAt(admission));
      if (its < least && admission.admits(member)) least = its;
    }
    return least;
  }
}

function load<T>(member: Member<T>, weight: number): number {
  const { active } = member;
  return active === 0 ? 0 : active / weight;
}
