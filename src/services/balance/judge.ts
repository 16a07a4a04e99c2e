// What the outcome of a use does to the state of a member: one for each group. Rule: see the kinds of Outcome; everything
// that takes a member out goes through `mayEject`, so that no fault of judgement takes out more than is allowed.
import type { ErrorCode } from '../../core/errors.ts';
import { Breaker } from './breaker.ts';
import type { GroupRules } from './group-rules.ts';
import { FLOAT, GATE, INT, type MemberSlot } from './member-slot.ts';
import type { MemberEventKind } from './member-state.ts';
import type { Member, MemberOwner } from './member.ts';
import type { Outcome } from './outcome.ts';

/** How far back the latency looks. */
const LATENCY_MEMORY_MS = 10_000;
const LEAST_NEW_SHARE = 0.05;

export class Judge<T> implements MemberOwner<T> {
  readonly rules: GroupRules;
  readonly breaker: Breaker;
  readonly #retire: (slot: MemberSlot) => void;

  constructor(rules: GroupRules, retire: (slot: MemberSlot) => void) {
    this.rules = rules;
    this.breaker = new Breaker(rules.breaker);
    this.#retire = retire;
  }

  judge(member: Member<T>, ticket: number, outcome: Outcome): void {
    const now = this.rules.now();
    switch (outcome.kind) {
      case 'success':
        this.#succeed(member, ticket, outcome.latencyMs, now);
        return;
      case 'failure':
        this.#fail(member, ticket, outcome.reason, now);
        return;
      case 'busy':
        this.breaker.leave(member.slot, ticket);
        this.#coolDown(member, outcome.retryAfterMs, now);
        return;
      case 'auth_failed':
        this.#refuse(member, outcome.reason, now);
        return;
      case 'ambiguous':
      case 'neutral':
        this.breaker.leave(member.slot, ticket);
    }
  }

  tell(member: Member<T>, kind: MemberEventKind): void {
    this.rules.onEvent(member.id, kind);
  }

  retire(member: Member<T>): void {
    this.#retire(member.slot);
  }

  #succeed(member: Member<T>, ticket: number, latencyMs: number, now: number): void {
    member.slot.count(INT.SUCCESSES, 1);
    recordLatency(member.slot, latencyMs, now);
    const change = this.breaker.succeed(member.slot, ticket, now);
    if (change !== null) this.tell(member, change);
  }

  #fail(member: Member<T>, ticket: number, reason: ErrorCode, now: number): void {
    member.slot.count(INT.FAILURES, 1);
    member.noteError(reason, now);
    if (this.breaker.fail(member.slot, ticket)) this.#open(member, now);
  }

  #open(member: Member<T>, now: number): void {
    const { openForMs, maxOpenForMs } = this.rules.breaker;
    if (this.breaker.open(member.slot, now, openForMs, maxOpenForMs)) this.tell(member, 'opened');
  }

  #coolDown(member: Member<T>, retryAfterMs: number | null, now: number): void {
    const forMs = Math.min(retryAfterMs ?? this.rules.coolDownMs, this.rules.maxCoolDownMs);
    member.slot.write(FLOAT.COOL_UNTIL, Math.max(member.slot.read(FLOAT.COOL_UNTIL), now + forMs));
    if (member.slot.raise(GATE.COOLING)) this.tell(member, 'cooling');
  }

  #refuse(member: Member<T>, reason: ErrorCode, now: number): void {
    member.slot.count(INT.FAILURES, 1);
    member.noteError(reason, now);
    member.slot.set(INT.AUTH_FAILED, 1);
    const { authRetryMs } = this.rules;
    if (this.breaker.open(member.slot, now, authRetryMs, 12 * authRetryMs)) this.tell(member, 'auth_failed');
  }
}

/** Weighs a sample by the time since the last one, so that a burst counts no more than its time. */
export function recordLatency(slot: MemberSlot, latencyMs: number, now: number): void {
  const lastAt = slot.read(FLOAT.LATENCY_AT);
  const passed = Math.max(0, now - lastAt);
  const share = lastAt === 0 ? 1 : Math.max(LEAST_NEW_SHARE, 1 - Math.exp(-passed / LATENCY_MEMORY_MS));
  const average = slot.read(FLOAT.LATENCY_MS);
  slot.write(FLOAT.LATENCY_MS, average + share * (latencyMs - average));
  slot.write(FLOAT.LATENCY_AT, now);
}
