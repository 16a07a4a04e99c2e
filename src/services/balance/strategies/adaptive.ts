// Smooth weighted round robin by what was measured: a member that fails or is slower than the best gets less.
// Rule: everybody keeps a small share, or nobody would learn that it has recovered.
import type { Admission } from '../admission.ts';
import { FLOAT } from '../member-slot.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

const LEAST_SHARE = 0.05;

export class Adaptive<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
  }

  choose(admission: Admission<T>): Member<T> | null {
    const fastestMs = this.#fastestMs(admission);
    let best: Member<T> | null = null;
    let total = 0;
    for (const member of this.#members) {
      if (!admission.admits(member)) continue;
      const weight = member.weightAt(admission) * merit(member, fastestMs);
      total += weight;
      member.credit += weight;
      if (best === null || member.credit > best.credit) best = member;
    }
    if (best !== null) best.credit -= total;
    return best;
  }

  #fastestMs(admission: Admission<T>): number {
    let fastestMs = Infinity;
    for (const member of this.#members) {
      const { slot } = member;
      if (slot.read(FLOAT.LATENCY_AT) === 0 || !admission.admits(member)) continue;
      fastestMs = Math.min(fastestMs, slot.read(FLOAT.LATENCY_MS));
    }
    return fastestMs;
  }
}

/** From LEAST_SHARE to 1. Failures weigh twice: they cost a retry as well. */
function merit<T>({ slot }: Member<T>, fastestMs: number): number {
  const success = 1 - slot.read(FLOAT.FAILING);
  const speed = slot.read(FLOAT.LATENCY_AT) === 0 ? 1 : (fastestMs + 1) / (slot.read(FLOAT.LATENCY_MS) + 1);
  return Math.max(LEAST_SHARE, success * success * Math.min(1, speed));
}
