// Whether a member is to blame for failures that may as well be the fault of what lies behind it. Rule: one target that is
// dead blames nobody: a member is convicted only when it failed for several targets that others reached meanwhile, and
// when it fails at least as often as it succeeds.
import type { Member } from './member.ts';
import { recentSuccesses } from './use-window.ts';

/** The oldest is forgotten for a new one. */
const MAX_TARGETS = 1024;

interface Suspect<T> {
  readonly sinceMs: number;
  /** How often each member failed for it, as far as it is not charged with that yet. */
  readonly failures: Map<Member<T>, number>;
  /** Who reached it since the first of them failed. */
  reachedBy: Member<T> | null;
}

interface Charge {
  readonly sinceMs: number;
  readonly targets: Set<string>;
  failures: number;
}

export interface SuspicionRules {
  readonly ambiguousTargets: number;
  readonly windowMs: number;
}

export class Suspicions<T> {
  readonly #rules: SuspicionRules;
  readonly #targets = new Map<string, Suspect<T>>();
  readonly #charges = new Map<Member<T>, Charge>();

  constructor(rules: SuspicionRules) {
    this.#rules = rules;
  }

  /** Nothing is suspected: the plain path. */
  get isEmpty(): boolean {
    return this.#targets.size === 0;
  }

  /** `member` failed for `target`. Whether it is convicted by that. */
  failed(member: Member<T>, target: string, now: number): boolean {
    const suspect = this.#suspect(target, now);
    const { failures, reachedBy } = suspect;
    failures.set(member, (failures.get(member) ?? 0) + 1);
    if (reachedBy === null || reachedBy === member) return false;
    this.#charge(member, target, now).failures += 1;
    return this.#convicts(member, now);
  }

  /** `member` reached `target`. Everybody whom that convicts is told to `convict`. */
  reached(member: Member<T>, target: string, now: number, convict: (member: Member<T>) => void): void {
    this.#forgetOld(now);
    const suspect = this.#targets.get(target);
    if (suspect === undefined) return;
    suspect.reachedBy = member;
    suspect.failures.delete(member);
    this.#charges.get(member)?.targets.delete(target);
    for (const [failing, failures] of suspect.failures) {
      suspect.failures.delete(failing);
      this.#charge(failing, target, now).failures += failures;
      if (this.#convicts(failing, now)) convict(failing);
    }
  }

  /** Drops what is remembered of a member. */
  forget(member: Member<T>): void {
    this.#charges.delete(member);
    for (const [target, suspect] of this.#targets) {
      suspect.failures.delete(member);
      if (suspect.reachedBy === member) suspect.reachedBy = null;
      if (suspect.failures.size === 0) this.#targets.delete(target);
    }
  }

  #suspect(target: string, now: number): Suspect<T> {
    this.#forgetOld(now);
    const known = this.#targets.get(target);
    if (known !== undefined) return known;
    const suspect = { sinceMs: now, failures: new Map(), reachedBy: null };
    this.#targets.set(target, suspect);
    return suspect;
  }

  #forgetOld(now: number): void {
    // A map keeps the order in which its keys came.
    for (const [target, { sinceMs }] of this.#targets) {
      if (this.#targets.size < MAX_TARGETS && !this.#isOver(sinceMs, now)) return;
      this.#targets.delete(target);
    }
  }

  #charge(member: Member<T>, target: string, now: number): Charge {
    let charge = this.#charges.get(member);
    if (charge === undefined || this.#isOver(charge.sinceMs, now)) {
      charge = { sinceMs: now, targets: new Set(), failures: 0 };
      this.#charges.set(member, charge);
    }
    if (charge.targets.size < MAX_TARGETS) charge.targets.add(target);
    return charge;
  }

  #convicts(member: Member<T>, now: number): boolean {
    const charge = this.#charges.get(member);
    if (charge === undefined) return false;
    // A member on trial has lost the benefit of the doubt.
    const wanted = member.isTripped ? 1 : this.#rules.ambiguousTargets;
    if (charge.targets.size < wanted) return false;
    if (charge.failures < recentSuccesses(member.slot, now, this.#rules.windowMs)) return false;
    this.#charges.delete(member);
    return true;
  }

  #isOver(sinceMs: number, now: number): boolean {
    return now - sinceMs > 2 * this.#rules.windowMs;
  }
}
