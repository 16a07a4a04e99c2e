// The accounts of one provider of AI, and which of them a request is sent with. Rule: a conversation stays on its account, because what
// the provider keeps of it is there, and moves only when the account is out; when all are out, the one that comes back first is asked,
// so that the client hears from the provider itself how things are.
import type { Exchange, Fields, ResponseView } from '../../contract/exchange.ts';
import { UNBOUND } from '../balance/binding-table.ts';
import type { GroupOptions, StrategyName } from '../balance/group-rules.ts';
import { Group } from '../balance/group.ts';
import type { MemberState } from '../balance/member-state.ts';
import type { MemberTable } from '../balance/member-table.ts';
import type { Member } from '../balance/member.ts';
import { readRetryAfter } from '../chain/connect-answer.ts';
import type { Account } from './account.ts';
import { AccountQuota, type QuotaWindow } from './account-quota.ts';
import { conversationOf } from './conversation-of.ts';
import { type AccountDialect, readQuota, readQuotaEvent } from './quota-fields.ts';

export interface AccountSpec {
  readonly id: string;
  readonly weight: number;
  /** A word that changes with the credential; it is never shown. */
  readonly revision: string;
  readonly account: Account;
}

export interface AccountGroupInit {
  /** Unique in the program: with it the state of the accounts is found again. */
  readonly name: string;
  readonly table: MemberTable;
  readonly strategy: StrategyName;
  readonly dialect: AccountDialect;
  /** At least one. */
  readonly accounts: readonly AccountSpec[];
  readonly ears?: Pick<GroupOptions, 'onEvent' | 'onFailure' | 'onRotate'>;
  /** Since 1970. */
  readonly nowMs?: () => number;
}

export type AccountMember = Member<HeldAccount>;

export interface HeldAccount {
  readonly account: Account;
  readonly quota: AccountQuota;
}

/** What is known of an account in all threads. */
export interface AccountStanding {
  readonly id: string;
  readonly weight: number;
  readonly member: MemberState;
  readonly quota: readonly QuotaWindow[];
}

/** Why an account would be taken. */
export type AccountReason = 'only' | 'conversation' | 'strategy' | 'all_out';

const NOBODY: ReadonlySet<AccountMember> = new Set();
/** A provider that has too much to do, and not this account. */
const OVERLOADED = 529;
const OVERLOADED_FOR_MS = 5000;
/** It may say when the quota of the account begins anew, which has nothing to do with it. */
const MOST_OVERLOADED_MS = 60_000;
/** These choose by what a request belongs to. */
const BY_KEY: ReadonlySet<StrategyName> = new Set(['consistent_hash', 'sticky_hash']);

export class AccountGroup {
  readonly dialect: AccountDialect;
  readonly strategy: StrategyName;
  readonly #group: Group<HeldAccount>;
  readonly #table: MemberTable;
  readonly #nowMs: () => number;
  readonly #accounts: readonly HeldAccount[];
  #isDisposed = false;

  constructor({ name, table, strategy, dialect, accounts, ears = {}, nowMs = Date.now }: AccountGroupInit) {
    this.dialect = dialect;
    this.strategy = strategy;
    this.#table = table;
    this.#nowMs = nowMs;
    const members = accounts.map(({ id, weight, revision, account }) => {
      const quota = new AccountQuota(table, `${name}\n${id}`, dialect);
      return { id, weight, revision, data: { account, quota } };
    });
    this.#accounts = members.map(({ data }) => data);
    this.#group = new Group({ name, table, members, options: { strategy, ...ears } });
  }

  get members(): readonly AccountMember[] {
    return this.#group.members;
  }

  /** Nothing is held against the only account there is: it is asked, whatever it said before. */
  get isAlone(): boolean {
    return this.members.length === 1;
  }

  find(id: string): AccountMember | null {
    return this.#group.find(id);
  }

  /**
   * For a request that has been tried with the accounts `tried`; null: nobody else can do better. Conversations of different scopes are
   * different ones.
   */
  pick(exchange: Exchange, tried: ReadonlySet<AccountMember> = NOBODY, scope = ''): AccountMember | null {
    const [only] = this.members;
    if (this.isAlone && only !== undefined) return tried.has(only) ? null : only;
    const key = keyOf(exchange, scope);
    const { name } = this.#group;
    const at = key === '' ? UNBOUND : this.#table.bindings.find(name, key);
    const bound = at === UNBOUND ? null : this.#boundTo(at);
    if (bound !== null && this.#mayHave(bound, tried)) return bound;
    const chosen = this.#choose(key, tried);
    if (chosen === null || key === '') return chosen;
    const winner = this.#boundTo(this.#table.bindings.bind(name, key, boundHash(chosen), at));
    return winner !== null && this.#mayHave(winner, tried) ? winner : chosen;
  }

  /** When nobody can be picked: whoever may be asked again first, but for `tried`. */
  leastBad(tried: ReadonlySet<AccountMember> = NOBODY): AccountMember | null {
    let best: AccountMember | null = null;
    const rankOf = (member: AccountMember): number =>
      member.data.account.isDead ? Infinity : member.passesAt(this.#clock);
    for (const member of this.members) {
      if (!tried.has(member) && (best === null || rankOf(member) < rankOf(best))) best = member;
    }
    return best;
  }

  /** Of a request that nobody has sent: who would be taken, and why; nothing changes by it. */
  foresee(
    exchange: Exchange,
    leftOut: ReadonlySet<AccountMember> = NOBODY,
    scope = '',
  ): { readonly member: AccountMember; readonly reason: AccountReason } | null {
    const [only] = this.members;
    if (this.isAlone && only !== undefined) return { member: only, reason: 'only' };
    const key = keyOf(exchange, scope);
    const bound = key === '' ? null : this.#boundTo(this.#table.bindings.find(this.#group.name, key, false));
    if (bound !== null && this.#mayHave(bound, leftOut)) return { member: bound, reason: 'conversation' };
    const chosen = this.#choose(key, leftOut);
    if (chosen !== null) return { member: chosen, reason: 'strategy' };
    const member = this.leastBad(leftOut);
    return member === null ? null : { member, reason: 'all_out' };
  }

  /** What an answer says of the account that it was asked with. */
  noteQuota({ data: { quota } }: AccountMember, fields: Fields): void {
    const nowMs = this.#nowMs();
    const readings = readQuota(this.dialect, fields, nowMs);
    if (readings.length > 0) quota.note(readings, nowMs);
  }

  /** The same, of what is said on a WebSocket. */
  noteLimits(id: string, limits: unknown): void {
    const readings = this.dialect === 'openai' ? readQuotaEvent(limits) : [];
    if (readings.length > 0) this.find(id)?.data.quota.note(readings, this.#nowMs());
  }

  /** How long an account that has answered so is left alone; null: as long as any that says nothing about it. */
  coolDownMs({ data: { quota } }: AccountMember, { status, fields }: ResponseView): number | null {
    const nowMs = this.#nowMs();
    const exactMs = Number(fields.get('retry-after-ms') ?? Number.NaN);
    if (exactMs >= 0) return exactMs;
    const toldMs = readRetryAfter(fields.get('retry-after') ?? '', nowMs);
    if (status === OVERLOADED) return Math.min(toldMs ?? OVERLOADED_FOR_MS, MOST_OVERLOADED_MS);
    if (toldMs !== null) return toldMs;
    const untilMs = quota.exhaustedUntil(nowMs);
    return untilMs === null ? null : untilMs - nowMs;
  }

  standings(): AccountStanding[] {
    const nowMs = this.#nowMs();
    return this.members.map((member) => {
      return { id: member.id, weight: member.weight, member: member.state(), quota: member.data.quota.at(nowMs) };
    });
  }

  leftOf({ data: { quota } }: AccountMember): number {
    return quota.leftAt(this.#nowMs());
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#group.dispose();
    for (const { account, quota } of this.#accounts) {
      account.dispose();
      quota.dispose();
    }
  }

  get #clock(): number {
    return this.#group.rules.now();
  }

  #choose(key: string, tried: ReadonlySet<AccountMember>): AccountMember | null {
    if (this.strategy === 'quota') this.#weigh();
    const dead = this.members.filter(({ data: { account } }) => account.isDead);
    const exclude = dead.length === 0 ? tried : new Set([...tried, ...dead]);
    return this.#group.pick({ exclude, key: BY_KEY.has(this.strategy) && key !== '' ? key : null });
  }

  #weigh(): void {
    const nowMs = this.#nowMs();
    for (const member of this.members) member.setShareLeft(member.data.quota.leftAt(nowMs));
  }

  #boundTo(hash: number): AccountMember | null {
    return this.members.find((member) => boundHash(member) === hash) ?? null;
  }

  #mayHave(member: AccountMember, tried: ReadonlySet<AccountMember>): boolean {
    return !tried.has(member) && !member.data.account.isDead && this.#group.admits(member);
  }
}

function keyOf(exchange: Exchange, scope: string): string {
  const conversation = conversationOf(exchange);
  return conversation === '' || scope === '' ? conversation : `${scope}\n${conversation}`;
}

/** As it stands in the table: never UNBOUND. */
function boundHash({ hash }: AccountMember): number {
  return hash | 0 || 1;
}
