// What the outcome of a use, or of a check, does to the state of a member: one judge for each group. Rule: see the kinds of
// Outcome for what counts against whom; whatever takes a member out because of failures asks `mayEject` first.
import type { ErrorCode } from '../../core/errors.ts';
import { recordLatency, recordUse } from './averages.ts';
import { Breaker, type BreakerChange } from './breaker.ts';
import { isOutlier, mayEject } from './ejection.ts';
import type { GroupRules } from './group-rules.ts';
import { FLOAT, GATE, HEALTH, INT, type MemberSlot } from './member-slot.ts';
import type { MemberEventKind } from './member-state.ts';
import type { CheckResult, CheckThresholds, Member, MemberOwner } from './member.ts';
import type { Outcome } from './outcome.ts';
import { Suspicions } from './suspicions.ts';
import { countUse, recentFailures, recentSuccesses } from './use-window.ts';

/** How many doubts make a failure. */
const DOUBTS_PER_FAILURE = 3;
/** Refused credentials are tried again after up to this many times the first wait. */
const MAX_AUTH_RETRY_GROWTH = 12;

export class Judge<T> implements MemberOwner<T> {
  readonly rules: GroupRules;
  readonly breaker: Breaker;
  readonly #suspicions: Suspicions<T>;
  readonly #members: () => readonly Member<T>[];
  readonly #release: (slot: MemberSlot) => void;
  readonly #open = (member: Member<T>): void => this.#openBreaker(member);
  /** The targets of the doubts in a row, as far as this thread has had them. */
  readonly #doubted = new WeakMap<Member<T>, Set<string>>();

  constructor(rules: GroupRules, members: () => readonly Member<T>[], release: (slot: MemberSlot) => void) {
    this.rules = rules;
    this.breaker = new Breaker(rules.breaker);
    this.#suspicions = new Suspicions(rules);
    this.#members = members;
    this.#release = release;
  }

  get now(): number {
    return this.rules.now();
  }

  judge(member: Member<T>, ticket: number, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'success':
        this.#succeed(member, ticket, outcome);
        return;
      case 'failure':
        this.#fail(member, ticket, outcome.reason);
        return;
      case 'busy':
        this.breaker.leave(member.slot, ticket);
        this.#coolDown(member, outcome.retryAfterMs);
        return;
      case 'auth_failed':
        this.#refuse(member, outcome.reason);
        return;
      case 'ambiguous':
        this.breaker.leave(member.slot, ticket);
        this.#suspect(member, outcome.target, outcome.reason);
        return;
      case 'neutral':
        this.breaker.leave(member.slot, ticket);
    }
  }

  doubt(member: Member<T>, target: string, reason: ErrorCode): void {
    const { slot } = member;
    const { now } = this;
    const isOld = now - slot.read(FLOAT.DOUBT_AT) > this.rules.windowMs;
    slot.write(FLOAT.DOUBT_AT, now);
    if (isOld) slot.set(INT.DOUBTS_IN_ROW, 0);
    if (!this.#isFirstDoubt(member, target)) return;
    if (slot.add(INT.DOUBTS_IN_ROW, 1) < DOUBTS_PER_FAILURE * this.rules.breaker.failures) return;
    slot.set(INT.DOUBTS_IN_ROW, 0);
    member.noteError(reason, now);
    this.#openBreaker(member);
  }

  /** One target that cuts everybody off says as little the tenth time as the first. */
  #isFirstDoubt(member: Member<T>, target: string): boolean {
    const known = this.#doubted.get(member);
    if (known === undefined || member.slot.get(INT.DOUBTS_IN_ROW) === 0) {
      this.#doubted.set(member, new Set([target]));
      return true;
    }
    const isFirst = !known.has(target);
    known.add(target);
    return isFirst;
  }

  check(member: Member<T>, result: CheckResult, thresholds: CheckThresholds): void {
    const { slot } = member;
    const { now } = this;
    slot.write(FLOAT.CHECKED_AT, now);
    const streak = slot.get(INT.CHECK_STREAK);
    if (result.passed) {
      slot.set(INT.CHECK_STREAK, Math.max(0, streak) + 1);
      recordLatency(slot, result.latencyMs, now);
      this.#passCheck(member, thresholds.healthyAfter);
    } else {
      slot.set(INT.CHECK_STREAK, Math.min(0, streak) - 1);
      member.noteError(result.reason, now);
      this.#failCheck(member, thresholds.unhealthyAfter);
    }
  }

  tell(member: Member<T>, kind: MemberEventKind): void {
    this.rules.onEvent(member.id, kind);
  }

  retire(member: Member<T>): void {
    this.#suspicions.forget(member);
    this.#release(member.slot);
  }

  #succeed(member: Member<T>, ticket: number, outcome: Extract<Outcome, { kind: 'success' }>): void {
    const { slot } = member;
    const { now } = this;
    slot.count(INT.SUCCESSES, 1);
    countUse(slot, now, this.rules.windowMs, false);
    recordLatency(slot, outcome.latencyMs, now);
    recordUse(slot, false);
    const target = outcome.target ?? null;
    if (target !== null && !this.#suspicions.isEmpty) this.#suspicions.reached(member, target, now, this.#open);
    const wasRefused = slot.get(INT.AUTH_FAILED) !== 0;
    const change = this.breaker.succeed(slot, ticket, now);
    if (change === null) return;
    this.#tellChange(member, change);
    if (change === 'closed' && wasRefused) this.tell(member, 'auth_restored');
  }

  #tellChange(member: Member<T>, change: NonNullable<BreakerChange>): void {
    if (change === 'closed') member.warmUp();
    this.tell(member, change);
  }

  #fail(member: Member<T>, ticket: number, reason: ErrorCode): void {
    const { slot } = member;
    const { now } = this;
    slot.count(INT.FAILURES, 1);
    this.rules.onFailure(member.id, reason);
    countUse(slot, now, this.rules.windowMs, true);
    recordUse(slot, true);
    member.noteError(reason, now);
    const isEnough = this.breaker.fail(slot, ticket) || (!member.isTripped && this.#failsTooOften(member, now));
    if (isEnough) this.#openBreaker(member);
  }

  #failsTooOften(member: Member<T>, now: number): boolean {
    const { breaker, outliers, windowMs } = this.rules;
    if (outliers !== null && isOutlier(member, this.#members(), outliers, { now, windowMs })) return true;
    const { rate } = breaker;
    if (rate === null) return false;
    const failures = recentFailures(member.slot, now, windowMs);
    const uses = failures + recentSuccesses(member.slot, now, windowMs);
    return uses >= rate.minUses && failures >= rate.share * uses;
  }

  #openBreaker(member: Member<T>): void {
    const { openForMs, maxOpenForMs } = this.rules.breaker;
    if (!this.#mayEject(member)) return;
    if (this.breaker.open(member.slot, this.now, openForMs, maxOpenForMs)) this.tell(member, 'opened');
  }

  #coolDown(member: Member<T>, retryAfterMs: number | null): void {
    const { slot } = member;
    const { now } = this;
    const forMs = Math.min(retryAfterMs ?? this.rules.coolDownMs, this.rules.maxCoolDownMs);
    slot.write(FLOAT.COOL_UNTIL, Math.max(slot.read(FLOAT.COOL_UNTIL), now + forMs));
    if (slot.raise(GATE.COOLING)) this.tell(member, 'cooling');
  }

  #refuse(member: Member<T>, reason: ErrorCode): void {
    const { slot } = member;
    const { now } = this;
    const { authRetryMs } = this.rules;
    slot.count(INT.FAILURES, 1);
    this.rules.onFailure(member.id, reason);
    member.noteError(reason, now);
    const wasRefused = !slot.swap(INT.AUTH_FAILED, 0, 1);
    const opens = this.breaker.open(slot, now, authRetryMs, MAX_AUTH_RETRY_GROWTH * authRetryMs);
    if (!opens) slot.write(FLOAT.OPEN_UNTIL, Math.max(slot.read(FLOAT.OPEN_UNTIL), now + authRetryMs));
    if (!wasRefused || opens) this.tell(member, 'auth_failed');
  }

  #suspect(member: Member<T>, target: string, reason: ErrorCode): void {
    const { now } = this;
    // Without a breaker nothing comes of it.
    if (this.rules.breaker.failures === Infinity) return;
    member.noteError(reason, now);
    if (this.#suspicions.failed(member, target, now)) this.#openBreaker(member);
  }

  #passCheck(member: Member<T>, healthyAfter: number): void {
    const { slot } = member;
    if (slot.get(INT.HEALTH) === HEALTH.UNHEALTHY && slot.get(INT.CHECK_STREAK) < healthyAfter) return;
    slot.set(INT.HEALTH, HEALTH.HEALTHY);
    if (!slot.lower(GATE.UNHEALTHY)) return;
    member.warmUp();
    this.tell(member, 'healthy');
  }

  #failCheck(member: Member<T>, unhealthyAfter: number): void {
    const { slot } = member;
    if (-slot.get(INT.CHECK_STREAK) < unhealthyAfter) return;
    slot.set(INT.HEALTH, HEALTH.UNHEALTHY);
    if (this.#mayEject(member) && slot.raise(GATE.UNHEALTHY)) this.tell(member, 'unhealthy');
  }

  #mayEject(member: Member<T>): boolean {
    return mayEject(member, this.#members(), this.rules.maxEjectedShare);
  }
}
