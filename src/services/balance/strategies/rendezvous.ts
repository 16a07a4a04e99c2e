// Weighted rendezvous hashing: every member has a score for a key, and the highest one that is admitted is chosen.
// Rule: the choice depends on the key, the members' ids and weights, and who is admitted, on nothing else: every thread and
// machine chooses alike, and when a member goes, only its own keys move.
import type { Admission } from '../admission.ts';
import { hash32, mix32 } from '../hash.ts';
import type { Member } from '../member.ts';

const RANGE = 2 ** 32;

export class Rendezvous<T> {
  readonly #members: readonly Member<T>[];
  readonly #isEven: boolean;

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
    this.#isEven = members.every(({ weight }) => weight === members[0]?.weight);
  }

  choose(admission: Admission<T>, key: string): Member<T> | null {
    const keyHash = hash32(key);
    let best: Member<T> | null = null;
    let bestScore = -Infinity;
    for (const member of this.#members) {
      const score = this.#score(mix32(keyHash, member.hash), member.weight);
      if (score <= bestScore || !admission.admits(member)) continue;
      best = member;
      bestScore = score;
    }
    return best;
  }

  /** With even weights the order of the hashes is that of the scores. */
  #score(hash: number, weight: number): number {
    return this.#isEven ? hash : weight / -Math.log((hash + 0.5) / RANGE);
  }
}
