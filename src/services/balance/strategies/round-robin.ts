// Whoever waited longest is next. Rule: the order is that of the last picks, not a position in a list, so that members who
// are left out for a while, or by the tags of an ask, shift nobody else's turn.
import type { Admission } from '../admission.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

export class RoundRobin<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];
  /** Who follows whom, by index; the index after the last one stands for the beginning and the end. */
  readonly #next: Int32Array;
  #last: number;

  constructor(members: readonly Member<T>[]) {
    // A change of the group begins no new round.
    this.#members = members.toSorted((a, b) => a.turn - b.turn);
    const end = members.length;
    this.#next = Int32Array.from({ length: end + 1 }, (_, index) => (index === end ? 0 : index + 1));
    this.#last = end - 1;
  }

  choose(admission: Admission<T>): Member<T> | null {
    const end = this.#members.length;
    let hesitant: Member<T> | null = null;
    let before = end;
    for (let step = 0; step < end; step += 1) {
      const index = this.#next[before] ?? end;
      const member = this.#members[index];
      if (member === undefined) break;
      if (!admission.admits(member)) {
        before = index;
        continue;
      }
      this.#moveToEnd(before, index);
      if (!admission.hesitates(member)) return member;
      hesitant ??= member;
    }
    return hesitant;
  }

  #moveToEnd(before: number, index: number): void {
    if (index === this.#last) return;
    const end = this.#members.length;
    this.#next[before] = this.#next[index] ?? end;
    this.#next[this.#last] = index;
    this.#next[index] = end;
    this.#last = index;
  }
}
