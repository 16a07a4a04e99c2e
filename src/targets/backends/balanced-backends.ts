// Several servers that can answer the same requests. Rule: a request whose backend fails goes to another one as long as that is
// safe; when nobody is left the answer is an error that says when to come again.
import type { Exchange } from '../../contract/exchange.ts';
import type { Attempt, ForwardTarget, Origin } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Group } from '../../services/balance/group.ts';
import type { Member } from '../../services/balance/member.ts';
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
}

export interface Bindings {
  choose(exchange: Exchange): BackendMember | null;
}

export class BalancedBackends implements ForwardTarget {
  readonly kind = 'forward';
  readonly maxAttempts: number;
  readonly retryStatuses: readonly number[];
  private readonly group: Group<BackendOrigin>;
  private readonly retries: BackendRetries;
  private readonly keyOf: KeyOf | null;
  private readonly bindings: Bindings | null;

  constructor({ group, retries, keyOf, bindings = null }: BalancedBackendsOptions) {
    this.group = group;
    this.retries = retries;
    this.keyOf = keyOf;
    this.bindings = bindings;
    this.maxAttempts = retries.attempts;
    this.retryStatuses = retries.statuses;
    for (const member of group.members) member.data.member = member;
  }

  select(exchange: Exchange, tried: readonly Origin[]): Origin | null {
    const isRetry = tried.length > 0;
    if (!isRetry) this.retries.budget.earn();
    else if (!this.mayGoOn(exchange)) return null;
    const member = isRetry ? this.pickOther(exchange, tried) : this.pickFirst(exchange);
    if (member === null) {
      if (isRetry) return null;
      throw this.exhausted();
    }
    if (isRetry) this.retries.budget.spend();
    exchange.exit = member.id;
    exchange.ticket = member.begin();
    return member.data;
  }

  hasOther(exchange: Exchange, tried: readonly Origin[]): boolean {
    if (!this.mayGoOn(exchange)) return false;
    if (this.retries.repeats) return true;
    const candidates = this.group.explain({ exclude: membersOf(tried) });
    return candidates.some(({ fits, obstacle }) => fits && obstacle === null);
  }

  report(attempt: Attempt): void {
    const { member } = attempt.origin as BackendOrigin;
    member?.end(attempt.ticket, outcomeOf(attempt));
  }

  dispose(): void {
    this.group.dispose();
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

  private exhausted(): SluiceError {
    const seconds = this.group.retryAfterSeconds();
    return new SluiceError('backends_exhausted', { retryAfterMs: seconds === null ? null : seconds * 1000 });
  }
}

function membersOf(origins: readonly Origin[]): ReadonlySet<BackendMember> {
  return new Set(origins.flatMap((origin) => (origin as BackendOrigin).member ?? []));
}
