// The circuit breaker of a member: closed, open (left alone), half-open (a few trials). Rule: only a use that began under
// the present state speaks for it; a late answer from before an opening neither closes nor prolongs it.
import type { GroupRules } from './group-rules.ts';
import { BREAKER, FLOAT, GATE, INT, type MemberSlot } from './member-slot.ts';

export type BreakerChange = 'opened' | 'half_opened' | 'closed' | null;

const MAX_DOUBLINGS = 20;

export class Breaker {
  readonly #rules: GroupRules['breaker'];

  constructor(rules: GroupRules['breaker']) {
    this.#rules = rules;
  }

  /** Of a member whose breaker is not closed: whether it may be tried at `now`. */
  admits(slot: MemberSlot, now: number): boolean {
    if (slot.get(INT.BREAKER) === BREAKER.OPEN) return now >= slot.read(FLOAT.OPEN_UNTIL);
    return this.#hasRoom(slot) || this.#trialsLost(slot, now);
  }

  /** A use begins while the breaker is not closed. */
  enter(slot: MemberSlot, now: number): BreakerChange {
    let change: BreakerChange = null;
    const due = slot.get(INT.BREAKER) === BREAKER.OPEN && now >= slot.read(FLOAT.OPEN_UNTIL);
    if (due && slot.swap(INT.BREAKER, BREAKER.OPEN, BREAKER.HALF_OPEN)) {
      this.#beginTrials(slot);
      change = 'half_opened';
    } else if (slot.get(INT.BREAKER) === BREAKER.HALF_OPEN && !this.#hasRoom(slot) && this.#trialsLost(slot, now)) {
      this.#beginTrials(slot);
    }
    if (slot.get(INT.BREAKER) === BREAKER.HALF_OPEN) {
      slot.add(INT.TRIALS, 1);
      slot.write(FLOAT.TRIAL_AT, now);
    }
    return change;
  }

  /** A use said nothing. */
  leave(slot: MemberSlot, ticket: number): void {
    if (this.#isTrial(slot, ticket)) slot.add(INT.TRIALS, -1);
  }

  succeed(slot: MemberSlot, ticket: number, now: number): BreakerChange {
    if (slot.get(INT.FAILURES_IN_ROW) !== 0) slot.set(INT.FAILURES_IN_ROW, 0);
    const state = slot.get(INT.BREAKER);
    if (state === BREAKER.CLOSED || ticket !== slot.get(INT.GENERATION)) return null;
    // Picked although it was open, for want of a better one: that was a trial as well.
    if (state === BREAKER.OPEN && slot.swap(INT.BREAKER, BREAKER.OPEN, BREAKER.HALF_OPEN)) this.#beginTrials(slot);
    else slot.add(INT.TRIALS, -1);
    if (slot.add(INT.TRIAL_SUCCESSES, 1) < this.#successesWanted(slot)) return null;
    return this.close(slot, now) ? 'closed' : null;
  }

  /** Somebody else sees it fail: one failure here is enough, and one success says otherwise. */
  suspect(slot: MemberSlot): void {
    const enough = this.#rules.failures - 1;
    const isClosed = slot.get(INT.BREAKER) === BREAKER.CLOSED;
    if (isClosed && slot.get(INT.FAILURES_IN_ROW) < enough) slot.set(INT.FAILURES_IN_ROW, enough);
  }

  /** A failure that the member is to blame for. True when that is reason enough to open. */
  fail(slot: MemberSlot, ticket: number): boolean {
    if (slot.get(INT.BREAKER) !== BREAKER.CLOSED) {
      const isTrial = this.#isTrial(slot, ticket);
      if (isTrial) slot.add(INT.TRIALS, -1);
      return isTrial;
    }
    return slot.add(INT.FAILURES_IN_ROW, 1) >= this.#rules.failures;
  }

  /** Opens it, for `openForMs` or longer if it has opened before; false when it was open already. */
  open(slot: MemberSlot, now: number, openForMs: number, maxOpenForMs: number): boolean {
    const from = slot.get(INT.BREAKER);
    if (from === BREAKER.OPEN || !slot.swap(INT.BREAKER, from, BREAKER.OPEN)) return false;
    const wasGoodForLong = from === BREAKER.CLOSED && now - slot.read(FLOAT.CLOSED_AT) >= maxOpenForMs;
    const openings = wasGoodForLong ? 0 : Math.min(slot.get(INT.OPENINGS), MAX_DOUBLINGS);
    slot.set(INT.OPENINGS, openings + 1);
    slot.write(FLOAT.OPEN_UNTIL, now + Math.min(openForMs * 2 ** openings, Math.max(openForMs, maxOpenForMs)));
    slot.add(INT.GENERATION, 1);
    slot.raise(GATE.TRIPPED);
    return true;
  }

  /** Closes it; false when it was closed already. */
  close(slot: MemberSlot, now: number): boolean {
    const from = slot.get(INT.BREAKER);
    if (from === BREAKER.CLOSED || !slot.swap(INT.BREAKER, from, BREAKER.CLOSED)) return false;
    slot.set(INT.FAILURES_IN_ROW, 0);
    slot.set(INT.AUTH_FAILED, 0);
    slot.write(FLOAT.CLOSED_AT, now);
    slot.add(INT.GENERATION, 1);
    slot.lower(GATE.TRIPPED);
    return true;
  }

  #isTrial(slot: MemberSlot, ticket: number): boolean {
    return slot.get(INT.BREAKER) === BREAKER.HALF_OPEN && ticket === slot.get(INT.GENERATION);
  }

  #beginTrials(slot: MemberSlot): void {
    slot.set(INT.TRIALS, 0);
    slot.set(INT.TRIAL_SUCCESSES, 0);
    slot.add(INT.GENERATION, 1);
  }

  /** Trials whose end was never told (their thread died) don't keep a member out for ever. */
  #trialsLost(slot: MemberSlot, now: number): boolean {
    return now - slot.read(FLOAT.TRIAL_AT) > this.#rules.maxOpenForMs;
  }

  /** Refused credentials are tried one at a time, for accounts get locked, and one success is proof. */
  #hasRoom(slot: MemberSlot): boolean {
    return slot.get(INT.TRIALS) < (slot.get(INT.AUTH_FAILED) === 0 ? this.#rules.trials : 1);
  }

  #successesWanted(slot: MemberSlot): number {
    return slot.get(INT.AUTH_FAILED) === 0 ? this.#rules.successes : 1;
  }
}
