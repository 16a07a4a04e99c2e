// Several members that can do the same work, and the choice among them. One implementation for every group of the program.
// Rule: `pick` allocates nothing and changes no state that others see; whoever gets a member begins its use at once.
import { Admission, type Ask } from './admission.ts';
import { groupRules, type GroupOptions, type GroupRules } from './group-rules.ts';
import { Judge } from './judge.ts';
import type { Obstacle } from './member-state.ts';
import type { MemberTable } from './member-table.ts';
import { Member, type MemberSpec } from './member.ts';
import { Rendezvous } from './strategies/rendezvous.ts';
import { strategyOf } from './strategies/strategy-of.ts';
import type { Strategy } from './strategy.ts';

export interface GroupInit<T> {
  /** Unique in the program: with it and a member's id the state of the member is found again. */
  readonly name: string;
  readonly table: MemberTable;
  readonly members: readonly MemberSpec<T>[];
  readonly options: GroupOptions;
}

/** What a pick would make of a member, for explanations. */
export interface Candidate<T> {
  readonly member: Member<T>;
  /** Not what was asked for: excluded, or without the tags. */
  readonly fits: boolean;
  readonly obstacle: Obstacle | null;
}

/** The members of one priority. */
interface Tier<T> {
  readonly byTurn: Strategy<T>;
  readonly byKey: Rendezvous<T>;
}

const ANY: Ask<never> = {};

export class Group<T> {
  readonly name: string;
  readonly rules: GroupRules;
  readonly #table: MemberTable;
  readonly #judge: Judge<T>;
  readonly #admission: Admission<T>;
  #members: readonly Member<T>[] = [];
  #byId: ReadonlyMap<string, Member<T>> = new Map();
  /** By priority, backups last. */
  #tiers: readonly Tier<T>[] = [];
  #turns = 0;
  #lastPicked: Member<T> | null = null;
  readonly #watchers = new Set<() => void>();

  constructor({ name, table, members, options }: GroupInit<T>) {
    this.name = name;
    this.rules = groupRules(options);
    this.#table = table;
    this.#judge = new Judge<T>(
      this.rules,
      () => this.#members,
      (slot) => table.release(slot),
    );
    this.#admission = new Admission(this.rules.now, this.rules.random);
    this.update(members);
  }

  get members(): readonly Member<T>[] {
    return this.#members;
  }

  find(id: string): Member<T> | null {
    return this.#byId.get(id) ?? null;
  }

  /** The member that should have the next use; null when nobody can. */
  pick(ask: Ask<T> = ANY): Member<T> | null {
    const admission = this.#admission;
    admission.consider(ask);
    let member: Member<T> | null = null;
    for (const { byTurn, byKey } of this.#tiers) {
      member = admission.key === null ? byTurn.choose(admission) : byKey.choose(admission, admission.key);
      if (member !== null) break;
    }
    if (member === null && this.rules.whenAllOut === 'least_bad') member = leastBad(this.#members, admission);
    if (member === null) return null;
    this.#turns += 1;
    member.turn = this.#turns;
    if (member !== this.#lastPicked) this.#rotate(member);
    return member;
  }

  #rotate(member: Member<T>): void {
    const isFirst = this.#lastPicked === null;
    this.#lastPicked = member;
    if (!isFirst) this.rules.onRotate();
  }

  /** Whether this very member may have the next use: for bindings. */
  admits(member: Member<T>): boolean {
    return member.isPlain ? !member.isRemoved : member.obstacle === null;
  }

  /** When somebody can be picked again without anybody doing anything; Infinity when that is not in sight. */
  nextTrialAtMs(): number {
    const now = this.rules.now();
    return Math.min(...this.#members.map((member) => member.passesAt(now)), Infinity);
  }

  /** The same in whole seconds from now, for Retry-After; null when it is not in sight. */
  retryAfterSeconds(): number | null {
    const at = this.nextTrialAtMs();
    return Number.isFinite(at) ? Math.max(1, Math.ceil((at - this.rules.now()) / 1000)) : null;
  }

  explain(ask: Ask<T> = ANY): Candidate<T>[] {
    this.#admission.consider(ask);
    return this.#members.map((member) => ({
      member,
      fits: this.#admission.fits(member),
      obstacle: member.obstacle,
    }));
  }

  /** Takes another list of members. Those of the same id stay who they are; uses of those that are gone go on. */
  update(specs: readonly MemberSpec<T>[]): void {
    const isRunning = this.#members.length > 0;
    const byId = new Map<string, Member<T>>();
    for (const spec of specs) byId.set(spec.id, this.#renew(spec, isRunning));
    for (const member of this.#members) if (!byId.has(member.id)) member.remove();
    this.#byId = byId;
    this.#members = [...byId.values()];
    this.#tiers = tiersOf(this.#members).map((tier) => ({
      byTurn: strategyOf(this.rules.strategy, tier),
      byKey: new Rendezvous(tier),
    }));
    for (const onUpdate of this.#watchers) onUpdate();
  }

  /** Has `onUpdate` called after each change of the list of members, until the returned function is called. */
  watch(onUpdate: () => void): () => void {
    this.#watchers.add(onUpdate);
    return () => this.#watchers.delete(onUpdate);
  }

  /** Nothing more is picked; slots are let go as soon as the uses that have begun are over. */
  dispose(): void {
    this.update([]);
  }

  #renew(spec: MemberSpec<T>, isRunning: boolean): Member<T> {
    const known = this.#byId.get(spec.id);
    known?.configure(spec);
    if (known !== undefined) return known;
    const member = new Member(spec, this.#table.hold(`${this.name}\n${spec.id}`), this.#judge);
    if (isRunning) member.warmUp();
    return member;
  }
}

function tiersOf<T>(members: readonly Member<T>[]): Member<T>[][] {
  const rank = (member: Member<T>): number => (member.backup ? Infinity : member.priority);
  const ranks = [...new Set(members.map(rank))].toSorted((a, b) => a - b);
  return ranks.map((wanted) => members.filter((member) => rank(member) === wanted));
}

/** Of those that are out because of failures, the one that is due for a trial first. */
function leastBad<T>(members: readonly Member<T>[], admission: Admission<T>): Member<T> | null {
  let best: Member<T> | null = null;
  for (const member of members) {
    const obstacle = member.obstacleAt(admission.now);
    const isOut = obstacle === 'open' || obstacle === 'trials_busy' || obstacle === 'unhealthy';
    if (!isOut || member.active >= member.maxActive || !admission.fits(member)) continue;
    if (best === null || member.outUntil < best.outUntil) best = member;
  }
  return best;
}
