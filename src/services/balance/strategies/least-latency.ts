// The quicker of two drawn by chance, by a moving average of their latency. Two, so that not everybody rushes to the one
// best; the average fades while nothing new is measured, so that a slow member is tried again.
// Rule: who was never measured goes first, one use at a time.
import type { Admission } from '../admission.ts';
import { FLOAT } from '../member-slot.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';

const DRAWS = 8;
const FADES_WITHIN_MS = 30_000;

export class LeastLatency<T> implements Strategy<T> {
  readonly #members: readonly Member<T>[];

  constructor(members: readonly Member<T>[]) {
    this.#members = members;
  }

  choose(admission: Admission<T>): Member<T> | null {
    const first = this.#draw(admission, null);
    const second = first === null ? null : this.#draw(admission, first);
    if (first === null || second === null) return first;
    return isQuicker(second, first) ? second : first;
  }

  #draw(admission: Admission<T>, other: Member<T> | null): Member<T> | null {
    const { length } = this.#members;
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const member = this.#members[admission.draw(length)];
      if (member === undefined) return null;
      if (member !== other && admission.admits(member) && !admission.hesitates(member)) return member;
    }
    return this.#search(admission, other);
  }

  /** Few are admitted: from a place by chance onwards. */
  #search(admission: Admission<T>, other: Member<T> | null): Member<T> | null {
    const { length } = this.#members;
    const from = admission.draw(length);
    for (let step = 0; step < length; step += 1) {
      const member = this.#members[(from + step) % length];
      if (member !== undefined && member !== other && admission.admits(member)) return member;
    }
    return null;
  }
}

/** Both averages fade alike, so what counts is how much later the one was measured. */
function isQuicker<T>(member: Member<T>, other: Member<T>): boolean {
  const measuredAt = member.slot.read(FLOAT.LATENCY_AT);
  const otherAt = other.slot.read(FLOAT.LATENCY_AT);
  if (measuredAt === 0) return member.active === 0;
  if (otherAt === 0) return other.active !== 0;
  const fading = Math.exp((otherAt - measuredAt) / FADES_WITHIN_MS);
  return member.slot.read(FLOAT.LATENCY_MS) < other.slot.read(FLOAT.LATENCY_MS) * fading;
}
