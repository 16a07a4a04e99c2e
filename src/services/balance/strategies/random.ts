// By chance, in proportion to the weights. Rule: exact, also when some are not admitted; the quick way (draw, and draw again
// when that one is refused) and the slow way have the same distribution.
import type { Admission } from '../admission.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

const DRAWS = 8;

export class Random<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];
  readonly #heaviest: number;

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
    this.#heaviest = members.reduce((most, { weight }) => Math.max(most, weight), 0);
  }

  choose(admission: Admission<T>): Member<T> | null {
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const member = this.#members[admission.draw(this.#members.length)];
      if (member === undefined) return null;
      if (admission.admits(member) && admission.happens(member.weightAt(admission), this.#heaviest)) return member;
    }
    return this.#search(admission);
  }

  /** One walk: each takes the place of the one before with the share that its weight has of all so far. */
  #search(admission: Admission<T>): Member<T> | null {
    let chosen: Member<T> | null = null;
    let total = 0;
    for (const member of this.#members) {
      if (!admission.admits(member)) continue;
      const weight = member.weightAt(admission);
      total += weight;
      if (chosen === null || admission.happens(weight, total)) chosen = member;
    }
    return chosen;
  }
}
