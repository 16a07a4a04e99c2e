// Whoever waited longest is next. Rule: the order is that of the last picks, not a position in a list, so that members who
// are left out for a while, or by the tags of an ask, shift nobody else's turn.
import type { Admission } from '../admission.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

export class RoundRobin<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];
  /** A ring by index; the last index stands for its beginning. */
  readonly #next: Int32Array;
  #last: number;

  constructor(members: readonly Member<T>[]) {
    // A change of the group begins no new round.
    this.#members = members.toSorted((a, b) => a.turn - b.turn);
    const start = members.length;
    this.#next = Int32Array.from({ length: start + 1 }, (_, index) => (index === start ? 0 : index + 1));
    if (start === 0) this.#next[0] = 0;
    this.#last = start - 1;
  }

  choose(admission: Admission<T>): Member<T> | null {
    const start = this.#members.length;
    let before = start;
    for (let index = this.#next[before] ?? start; index !== start; index = this.#next[before] ?? start) {
      const member = this.#members[index];
      if (member !== undefined && admission.admits(member)) {
        this.#moveToEnd(before, index);
        return member;
      }
      before = index;
    }
    return null;
  }

  #moveToEnd(before: number, index: number): void {
    if (index === this.#last) return;
    const start = this.#members.length;
    this.#next[before] = this.#next[index] ?? start;
    this.#next[this.#last] = index;
    this.#next[index] = start;
    this.#last = index;
  }
}
