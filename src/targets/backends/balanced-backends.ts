// Several servers that can answer the same requests. Rule: a request whose backend fails goes to another one as long as that is
// safe; when nobody is left the answer is an error that says when to come again.
import type { Exchange } from '../../contract/exchange.ts';
import type { Attempt, ForwardTarget, Origin } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Group } from '../../services/balance/group.ts';
import type { Member } from '../../services/balance/member.ts';
import type { Outcome } from '../../services/balance/outcome.ts';
import type { WaitingRoom } from '../../services/balance/waiting-room.ts';
import type { RetryBudget } from '../../services/chain/retry-budget.ts';
import { outcomeOf } from './backend-outcome.ts';

/** An origin that knows which member it is. */
export interface BackendOrigin extends Origin {
  /** Filled in by the target. */
  member: Member<BackendOrigin> | null;
}

export type BackendMember = Member<BackendOrigin>;

/** What requests with the same key have in common is their backend. */
export type KeyOf = (exchange: Exchange) => string;

export interface BackendRetries {
  readonly attempts: number;
  /** Answers with these are tried elsewhere. */
  readonly statuses: readonly number[];
  /** No further attempt begins when a request is older; null: whenever. */
  readonly withinMs: number | null;
  readonly budget: RetryBudget;
  /** A backend that has failed is asked again when there is no other. */
  readonly repeats: boolean;
}

export interface BalancedBackendsOptions {
  /** Its own: it ends with the target. */
  readonly group: Group<BackendOrigin>;
  readonly retries: BackendRetries;
  /** null: by the strategy alone. */
  readonly keyOf: KeyOf | null;
  /** Who a client is bound to, if that is somebody who can be used. */
  readonly bindings?: Bindings | null;
  /** Where those wait who find no member; null: nobody waits. It ends with the target. */
  readonly waiting?: Waiting | null;
  /** Where the members come from, when that changes; null: they are what the group was made with. It ends with the target. */
  readonly names?: BackendNames | null;
}

export interface Bindings {
  choose(exchange: Exchange): BackendMember | null;
}

export interface Waiting {
  readonly room: WaitingRoom<Exchange>;
  /** For a backend with room; 0: not at all. */
  readonly forRoomMs: number;
  /** For names that nobody has resolved yet. */
  readonly forNamesMs: number;
  /** Told how each wait has ended, and of those that could not even wait. */
  readonly onWait?: (end: WaitEnd) => void;
}

export type WaitEnd = 'served' | 'late' | 'left' | 'refused';

/** Names that stand for members, which are put into the group as they become known. */
export interface BackendNames {
  /** A name has not been resolved yet, for better or worse. */
  readonly isPending: boolean;
  /** Why a name stands for nobody; null: each stands for somebody. */
  readonly failure: SluiceError | null;
  /** Somebody wants what could not be resolved. */
  askAgain(): void;
  /** Has `onNews` called when something has become known. */
  watch(onNews: () => void): void;
  dispose(): void;
}

const NEUTRAL: Outcome = { kind: 'neutral' };
const RETRY_SOON_MS = 1000;

export class BalancedBackends implements ForwardTarget {
  readonly kind = 'forward';
  readonly maxAttempts: number;
  readonly retryStatuses: readonly number[];
  private readonly group: Group<BackendOrigin>;
  private readonly retries: BackendRetries;
  private readonly keyOf: KeyOf | null;
  private readonly bindings: Bindings | null;
  private readonly waiting: Waiting | null;
  private readonly names: BackendNames | null;

  constructor({ group, retries, keyOf, bindings, waiting, names }: BalancedBackendsOptions) {
    this.group = group;
    this.retries = retries;
    this.keyOf = keyOf;
    this.bindings = bindings ?? null;
    this.waiting = waiting ?? null;
    this.names = names ?? null;
    this.maxAttempts = retries.attempts;
    this.retryStatuses = retries.statuses;
    group.watch(() => this.nameMembers());
    this.nameMembers();
    this.names?.watch(() => this.waiting?.room.callHere());
  }

  select(exchange: Exchange, tried: readonly Origin[]): Origin | null | Promise<Origin | null> {
    if (tried.length > 0) return this.selectAgain(exchange, tried);
    this.retries.budget.earn();
    exchange.exit = '';
    const { waiting } = this;
    // Nobody overtakes those who wait for room.
    const isBehind = waiting !== null && waiting.forRoomMs > 0 && waiting.room.length > 0;
    const member = isBehind ? null : this.begin(exchange, this.pickFirst(exchange));
    if (member !== null) return member.data;
    if (waiting === null) throw this.nobody();
    return this.waitForOne(exchange, waiting);
  }

  mayDoBetter(exchange: Exchange, tried: readonly Origin[]): boolean {
    if (!this.mayGoOn(exchange)) return false;
    if (this.retries.repeats) return true;
    const candidates = this.group.explain({ exclude: membersOf(tried) });
    return candidates.some(({ fits, obstacle }) => fits && obstacle === null);
  }

  report(attempt: Attempt): void {
    const { member } = attempt.origin as BackendOrigin;
    member?.end(attempt.ticket, outcomeOf(attempt));
    this.waiting?.room.call();
  }

  leave(exchange: Exchange): void {
    if (this.waiting?.room.leave(exchange) === true) return;
    // Its turn had come in this very moment.
    this.group.find(exchange.exit)?.end(exchange.ticket, NEUTRAL);
  }

  dispose(): void {
    this.names?.dispose();
    this.waiting?.room.dispose();
    this.group.dispose();
  }

  private nameMembers(): void {
    for (const member of this.group.members) member.data.member = member;
  }

  private selectAgain(exchange: Exchange, tried: readonly Origin[]): Origin | null {
    if (!this.mayGoOn(exchange)) return null;
    const member = this.begin(exchange, this.pickOther(exchange, tried));
    if (member === null) return null;
    this.retries.budget.spend();
    return member.data;
  }

  /** Null: there is nobody, or another thread was quicker. */
  private begin(exchange: Exchange, picked: BackendMember | null): BackendMember | null {
    const ticket = picked?.tryBegin() ?? null;
    if (picked === null || ticket === null) return null;
    exchange.exit = picked.id;
    exchange.ticket = ticket;
    return picked;
  }

  private async waitForOne(exchange: Exchange, { room, ...waiting }: Waiting): Promise<Origin | null> {
    const limitMs = this.isUnresolved ? waiting.forNamesMs : waiting.forRoomMs;
    const mayWait = limitMs > 0 && (this.isUnresolved || this.isFull);
    if (!mayWait || room.isFull) {
      if (mayWait) waiting.onWait?.('refused');
      throw this.nobody();
    }
    const found = await room.wait(exchange, limitMs, () => this.look(exchange));
    const isServed = typeof found !== 'string';
    waiting.onWait?.(isServed ? 'served' : found);
    if (isServed) return found;
    if (found === 'late') throw this.nobody();
    return null;
  }

  /** Null: to be waited for. Throws when nobody is left to wait for. */
  private look(exchange: Exchange): Origin | null {
    const member = this.begin(exchange, this.pickFirst(exchange));
    if (member !== null) return member.data;
    if (this.isUnresolved || this.isFull) return null;
    throw this.nobody();
  }

  private pickFirst(exchange: Exchange): BackendMember | null {
    const { group, keyOf } = this;
    const bound = this.bindings?.choose(exchange) ?? null;
    if (bound !== null) return bound;
    return keyOf === null ? group.pick() : group.pick({ key: keyOf(exchange) });
  }

  private pickOther(exchange: Exchange, tried: readonly Origin[]): BackendMember | null {
    const key = this.keyOf?.(exchange) ?? null;
    const other = this.group.pick({ key, exclude: membersOf(tried) });
    return other === null && this.retries.repeats ? this.group.pick({ key }) : other;
  }

  private mayGoOn({ startedAtMs }: Exchange): boolean {
    const { budget, withinMs } = this.retries;
    return budget.isOpen && (withinMs === null || performance.now() - startedAtMs < withinMs);
  }

  /** All that could be used have as much as they may have. */
  private get isFull(): boolean {
    return this.group.members.some(({ obstacle }) => obstacle === 'full' || obstacle === null);
  }

  private get isUnresolved(): boolean {
    return this.names?.isPending === true && this.group.members.length === 0;
  }

  /** Why there is nobody to send the request to. */
  private nobody(): SluiceError {
    const { group, names } = this;
    if (names !== null && group.members.length === 0) {
      names.askAgain();
      return names.failure ?? new SluiceError('upstream_dns_failed', { retryAfterMs: RETRY_SOON_MS });
    }
    if (this.isFull) return new SluiceError('upstream_busy', { retryAfterMs: RETRY_SOON_MS });
    const seconds = group.retryAfterSeconds();
    return new SluiceError('backends_exhausted', { retryAfterMs: seconds === null ? null : seconds * 1000 });
  }
}

function membersOf(origins: readonly Origin[]): ReadonlySet<BackendMember> {
  return new Set(origins.flatMap((origin) => (origin as BackendOrigin).member ?? []));
}
