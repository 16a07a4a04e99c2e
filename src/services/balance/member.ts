// One of several that can do the same work: what it is, how its uses are counted and judged. Rule: a use is begun once,
// judged once and released once, in the same thread; its state is shared with all threads and with reloads.
import { ERROR_CATALOGUE, type ErrorCode } from '../../core/errors.ts';
import type { Breaker } from './breaker.ts';
import type { GroupRules } from './group-rules.ts';
import { hash32 } from './hash.ts';
import { BREAKER, FLOAT, GATE, INT, type MemberSlot } from './member-slot.ts';
import type { AdminState, MemberEventKind, MemberState, Obstacle } from './member-state.ts';
import type { Outcome } from './outcome.ts';

export interface MemberSpec<T> {
  /** Unique in its group. */
  readonly id: string;
  /** The caller's own: what to connect to. */
  readonly data: T;
  /** Above 0. Default: 1. */
  readonly weight?: number;
  /** The lowest number is picked from as long as one of its members can be. Default: 0. */
  readonly priority?: number;
  /** Only picked when no other member can be, whatever the priorities. */
  readonly backup?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  /** Uses at once; null: no limit. */
  readonly maxActive?: number | null;
  /** What its state is about, such as the address and a fingerprint of credentials. When it changes, only the totals stay. */
  readonly revision?: string;
}

export type CheckResult =
  | { readonly passed: true; readonly latencyMs: number }
  | { readonly passed: false; readonly reason: ErrorCode };

export interface CheckThresholds {
  /** Failures in a row until a member gets no more uses. */
  readonly unhealthyAfter: number;
  /** Successes in a row until it gets some again. */
  readonly healthyAfter: number;
}

/** What a member asks of its group. */
export interface MemberOwner<T> {
  readonly rules: GroupRules;
  readonly breaker: Breaker;
  /** What the clock says. */
  readonly now: number;
  judge(member: Member<T>, ticket: number, outcome: Outcome): void;
  doubt(member: Member<T>, target: string, reason: ErrorCode): void;
  check(member: Member<T>, result: CheckResult, thresholds: CheckThresholds): void;
  tell(member: Member<T>, kind: MemberEventKind): void;
  /** It was removed and its last use is over. */
  retire(member: Member<T>): void;
}

const CODES = Object.keys(ERROR_CATALOGUE) as ErrorCode[];
/** What is held against a member, or known of how it works. */
const FORGIVEN_INTS = [
  INT.HEALTH,
  INT.CHECK_STREAK,
  INT.FAILURES_IN_ROW,
  INT.DOUBTS_IN_ROW,
  INT.OPENINGS,
  INT.WINDOW_SUCCESSES,
  INT.WINDOW_FAILURES,
  INT.PREVIOUS_SUCCESSES,
  INT.PREVIOUS_FAILURES,
  INT.LAST_ERROR,
] as const;

const FORGIVEN_FLOATS = [FLOAT.COOL_UNTIL, FLOAT.LATENCY_MS, FLOAT.LATENCY_AT, FLOAT.FAILING, FLOAT.ERROR_AT] as const;

const BREAKER_WORDS = ['closed', 'open', 'half_open'] as const;
const HEALTH_WORDS = ['unknown', 'healthy', 'unhealthy'] as const;
/** Where a slow start begins. */
const COLD_SHARE = 0.1;
const LEAST_WEIGHT = 0.001;
/** All bits but the one that stands in nobody's way. */
const BLOCKING = ~GATE.WARMING;

export class Member<T> {
  readonly id: string;
  /** The same for the same id everywhere: for rendezvous hashing. */
  readonly hash: number;
  readonly slot: MemberSlot;
  /** What it was last configured with. */
  data: T;
  weight = 1;
  priority = 0;
  backup = false;
  tags: Readonly<Record<string, string>> = {};
  maxActive: number = Infinity;
  /** When its group picked it last, counted in picks of this thread. */
  turn = 0;
  /** What the weighted strategies owe it. */
  credit = 0;
  readonly #owner: MemberOwner<T>;
  /** Uses that this thread has begun and that are not over. */
  #open = 0;
  #removed = false;

  constructor(spec: MemberSpec<T>, slot: MemberSlot, owner: MemberOwner<T>) {
    this.id = spec.id;
    this.hash = hash32(spec.id);
    this.slot = slot;
    this.data = spec.data;
    this.#owner = owner;
    this.configure(spec);
  }

  /** Takes another configuration; uses that have begun go on. */
  configure(spec: MemberSpec<T>): void {
    this.data = spec.data;
    this.weight = spec.weight ?? 1;
    this.priority = spec.priority ?? 0;
    this.backup = spec.backup ?? false;
    this.tags = spec.tags ?? {};
    this.maxActive = spec.maxActive ?? Infinity;
    const revision = hash32(spec.revision ?? '') | 0;
    const known = this.slot.get(INT.REVISION);
    if (known !== revision && this.slot.swap(INT.REVISION, known, revision) && known !== 0) this.forgive();
  }

  // Uses.

  /** A use begins. What it returns is handed to `judge` or `end`. */
  begin(): number {
    this.slot.add(INT.ACTIVE, 1);
    return this.#begun();
  }

  /** The same unless it has all the uses that it may have: between a pick and this, another thread may have taken the last. */
  tryBegin(): number | null {
    if (this.slot.add(INT.ACTIVE, 1) <= this.maxActive) return this.#begun();
    this.slot.add(INT.ACTIVE, -1);
    return null;
  }

  #begun(): number {
    const { slot } = this;
    this.#open += 1;
    slot.count(INT.USES, 1);
    const step = 1 / Math.max(this.weightAt(this.#owner), LEAST_WEIGHT);
    slot.write(FLOAT.USED_UNTIL, slot.read(FLOAT.USED_UNTIL) + step);
    if (this.isTripped) {
      const change = this.#owner.breaker.enter(slot, this.#owner.now);
      if (change !== null) this.#owner.tell(this, change);
    }
    return slot.get(INT.GENERATION);
  }

  /** How it went, as soon as that is known, which may be long before the use is over. Once per use. */
  judge(ticket: number, outcome: Outcome): void {
    this.#owner.judge(this, ticket, outcome);
  }

  /** The use is over. Once per use, after it was judged. */
  release(): void {
    this.slot.add(INT.ACTIVE, -1);
    this.#open -= 1;
    if (this.#removed && this.#open === 0) this.#owner.retire(this);
  }

  /** `judge` and `release` in one, for uses that are over when they are judged. */
  end(ticket: number, outcome: Outcome): void {
    this.judge(ticket, outcome);
    this.release();
  }

  /** A weak sign after a success: what it was used for ended at once without a single byte. Some of these are a failure. */
  doubt(target: string, reason: ErrorCode): void {
    this.#owner.doubt(this, target, reason);
  }

  /** The opposite of a doubt: bytes came back. */
  trust(): void {
    if (this.slot.get(INT.DOUBTS_IN_ROW) !== 0) this.slot.set(INT.DOUBTS_IN_ROW, 0);
  }

  /** Another node has given it up. */
  suspect(): void {
    this.#owner.breaker.suspect(this.slot);
  }

  /** What an active check found. */
  check(result: CheckResult, thresholds: CheckThresholds): void {
    this.#owner.check(this, result, thresholds);
  }

  countBytes(sent: number, received: number): void {
    if (sent > 0) this.slot.count(INT.BYTES_SENT, sent);
    if (received > 0) this.slot.count(INT.BYTES_RECEIVED, received);
  }

  get active(): number {
    return this.slot.get(INT.ACTIVE);
  }

  // Being picked.

  /** Nothing stands in its way; that is all that has to be looked at as a rule. */
  get isPlain(): boolean {
    return (this.slot.get(INT.GATE) & BLOCKING) === 0 && this.slot.get(INT.ACTIVE) < this.maxActive;
  }

  /** Whether it has all of these; null: none is asked for. */
  hasTags(wanted: Readonly<Record<string, string>> | null): boolean {
    if (wanted === null) return true;
    for (const name in wanted) if (this.tags[name] !== wanted[name]) return false;
    return true;
  }

  /** Why it is not picked just now; null when it may be. */
  get obstacle(): Obstacle | null {
    return this.obstacleAt(this.#owner.now);
  }

  obstacleAt(now: number): Obstacle | null {
    const gate = this.slot.get(INT.GATE);
    if (this.#removed) return 'removed';
    if ((gate & GATE.DISABLED) !== 0) return 'disabled';
    if ((gate & GATE.DRAINING) !== 0) return 'draining';
    if ((gate & GATE.UNHEALTHY) !== 0) return 'unhealthy';
    if ((gate & GATE.TRIPPED) !== 0 && !this.#owner.breaker.admits(this.slot, now)) return this.#trippedBy();
    if ((gate & GATE.COOLING) !== 0 && !this.#hasCooled(now)) return 'cooling';
    return this.active < this.maxActive ? null : 'full';
  }

  #trippedBy(): Obstacle {
    if (this.slot.get(INT.AUTH_FAILED) !== 0) return 'auth_failed';
    return this.slot.get(INT.BREAKER) === BREAKER.OPEN ? 'open' : 'trials_busy';
  }

  #hasCooled(now: number): boolean {
    if (now < this.slot.read(FLOAT.COOL_UNTIL)) return false;
    this.slot.lower(GATE.COOLING);
    return true;
  }

  /** When what stands in its way passes by itself; Infinity when it does not. */
  passesAt(now: number): number {
    const obstacle = this.obstacleAt(now);
    if (obstacle === 'open' || obstacle === 'auth_failed') return Math.max(now, this.slot.read(FLOAT.OPEN_UNTIL));
    if (obstacle === 'cooling') return Math.max(now, this.slot.read(FLOAT.COOL_UNTIL));
    return obstacle === null || obstacle === 'full' || obstacle === 'trials_busy' ? now : Infinity;
  }

  /** Its weight for this moment: less while it starts slowly, and in proportion to what is left of it. */
  weightAt(clock: { readonly now: number }): number {
    return this.isWarming ? this.left * this.warmth(clock.now) : this.left;
  }

  /** Its weight, in proportion to what is left of it. */
  get left(): number {
    return this.weight * (1 - this.slot.read(FLOAT.SPENT));
  }

  get isWarming(): boolean {
    return (this.slot.get(INT.GATE) & GATE.WARMING) !== 0;
  }

  /** When its breaker lets it be tried again. */
  get outUntil(): number {
    return this.slot.read(FLOAT.OPEN_UNTIL);
  }

  /** Its breaker is not closed. */
  get isTripped(): boolean {
    return (this.slot.get(INT.GATE) & GATE.TRIPPED) !== 0;
  }

  /** Failures have taken it out, seen by checks or by uses. */
  get isEjected(): boolean {
    return (this.slot.get(INT.GATE) & (GATE.TRIPPED | GATE.UNHEALTHY)) !== 0;
  }

  /** From 0.1 to 1 during a slow start. */
  warmth(now: number): number {
    const passed = (now - this.slot.read(FLOAT.WARM_FROM)) / this.#owner.rules.slowStartMs;
    if (passed < 1) return Math.max(COLD_SHARE, passed);
    this.slot.lower(GATE.WARMING);
    return 1;
  }

  /** How much of it is left, from 0 to 1, where its owner knows (a quota): weighs down its weight. */
  setShareLeft(share: number): void {
    this.slot.write(FLOAT.SPENT, 1 - Math.min(Math.max(share, 0), 1));
  }

  /** Gives it less than its share for a while, because it has just come. */
  warmUp(): void {
    if (this.#owner.rules.slowStartMs <= 0) return;
    this.slot.write(FLOAT.WARM_FROM, this.#owner.now);
    this.slot.raise(GATE.WARMING);
  }

  // What people decide.

  get admin(): AdminState {
    const gate = this.slot.get(INT.GATE);
    if ((gate & GATE.DISABLED) !== 0) return 'disabled';
    return (gate & GATE.DRAINING) === 0 ? 'enabled' : 'draining';
  }

  set admin(state: AdminState) {
    if (state === this.admin) return;
    if (state === 'disabled') this.slot.raise(GATE.DISABLED);
    else this.slot.lower(GATE.DISABLED);
    if (state === 'draining') this.slot.raise(GATE.DRAINING);
    else this.slot.lower(GATE.DRAINING);
    if (state === 'enabled') this.warmUp();
    this.#owner.tell(this, state);
  }

  /** Forgets everything that is held against it; what people decided, and totals, stay. */
  forgive(): void {
    const { slot } = this;
    this.#owner.breaker.close(slot, this.#owner.now);
    slot.lower(GATE.UNHEALTHY | GATE.COOLING);
    for (const field of FORGIVEN_INTS) slot.set(field, 0);
    for (const field of FORGIVEN_FLOATS) slot.write(field, 0);
  }

  get isRemoved(): boolean {
    return this.#removed;
  }

  /** Gets nothing new; its slot is let go when its last use is over. */
  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    if (this.#open === 0) this.#owner.retire(this);
  }

  // For the outside.

  state(): MemberState {
    const { slot } = this;
    const now = this.#owner.now;
    const ago = (at: number): number | null => (at === 0 ? null : now - at);
    const passesAt = this.passesAt(now);
    return {
      id: this.id,
      admin: this.admin,
      obstacle: this.obstacleAt(now),
      health: HEALTH_WORDS[slot.get(INT.HEALTH)] ?? 'unknown',
      breaker: BREAKER_WORDS[slot.get(INT.BREAKER)] ?? 'closed',
      authFailed: slot.get(INT.AUTH_FAILED) !== 0,
      retryInMs: Number.isFinite(passesAt) ? passesAt - now : 0,
      active: slot.get(INT.ACTIVE),
      uses: slot.total(INT.USES),
      successes: slot.total(INT.SUCCESSES),
      failures: slot.total(INT.FAILURES),
      bytesSent: slot.total(INT.BYTES_SENT),
      bytesReceived: slot.total(INT.BYTES_RECEIVED),
      latencyMs: slot.read(FLOAT.LATENCY_AT) === 0 ? null : slot.read(FLOAT.LATENCY_MS),
      lastError: CODES[slot.get(INT.LAST_ERROR) - 1] ?? null,
      lastErrorAgoMs: ago(slot.read(FLOAT.ERROR_AT)),
      lastCheckAgoMs: ago(slot.read(FLOAT.CHECKED_AT)),
    };
  }

  noteError(reason: ErrorCode, now: number): void {
    this.slot.set(INT.LAST_ERROR, CODES.indexOf(reason) + 1);
    this.slot.write(FLOAT.ERROR_AT, now);
  }
}
