// A provider of AI that requests are sent to with one of several accounts, or with one whose login may have to be renewed. Rule: an
// answer by which the provider shows that it has done nothing is let go only once it is known with what the request goes out again;
// otherwise it goes to the client as it is.
import type { Exchange } from '../../contract/exchange.ts';
import type { Attempt, ForwardTarget, Origin } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';
import type { AccountGroup, AccountMember } from '../../services/accounts/account-group.ts';
import { isOfModelAlone } from '../../services/accounts/quota-fields.ts';
import type { Outcome } from '../../services/balance/outcome.ts';

export interface AccountsOptions {
  /** Ends with the target. */
  readonly accounts: AccountGroup;
  /** Where the provider is. */
  readonly provider: Pick<ForwardTarget, 'select'>;
  /** Bodies of requests are kept up to here, for another attempt. */
  readonly resendBytes: number;
  /** Logins are left out: they are for the programs of the provider. */
  readonly takesKeysOnly?: boolean;
}

/** What becomes of one request, from the first answer on that is not what was hoped for. */
interface Journey {
  readonly id: string;
  readonly tried: Set<AccountMember>;
  readonly renewed: Set<AccountMember>;
  /** Refused it, which may as well be the fault of the request. */
  readonly forbade: Set<AccountMember>;
  /** The answer that is there has been judged. */
  isJudged: boolean;
  next: AccountMember | null;
}

const NONE: readonly Origin[] = [];
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const LIMITED: ReadonlySet<number> = new Set([429, 529]);
const OF_ACCOUNTS: readonly number[] = [UNAUTHORIZED, FORBIDDEN, ...LIMITED];
const SWITCHED = 101;
const SERVER_ERROR = 500;
const NEUTRAL: Outcome = { kind: 'neutral' };
const REFUSED: Outcome = { kind: 'auth_failed', reason: 'credential_unavailable' };
/** As long as a login that was renewed is not renewed again. */
const LEFT_ALONE: Outcome = { kind: 'busy', retryAfterMs: 60_000 };

export class Accounts implements ForwardTarget {
  readonly kind = 'forward';
  readonly maxAttempts: number;
  readonly retryStatuses: readonly number[];
  readonly resendsBodies?: { readonly bytes: number };
  readonly accounts: AccountGroup;
  private readonly options: AccountsOptions;
  /** Nobody is ever asked with these. */
  private readonly leftOut: ReadonlySet<AccountMember>;
  private readonly journeys = new WeakMap<Exchange, Journey>();
  /** What has waited for a login and is over by then is somebody else's request. */
  private readonly waiting = new WeakMap<Exchange, object>();

  constructor(options: AccountsOptions) {
    const { accounts, resendBytes, takesKeysOnly = false } = options;
    const stores = accounts.members.filter(({ data: { account } }) => account.kind === 'store');
    this.options = options;
    this.accounts = accounts;
    this.leftOut = new Set(takesKeysOnly ? stores : []);
    this.maxAttempts = accounts.members.length + stores.length;
    this.retryStatuses = !accounts.isAlone ? OF_ACCOUNTS : stores.length > 0 ? [UNAUTHORIZED] : [];
    if (this.retryStatuses.length > 0) this.resendsBodies = { bytes: resendBytes };
  }

  /** The same accounts, but for those that are logins. */
  onlyKeys(): Accounts {
    const hasLogins = this.accounts.members.some(({ data: { account } }) => account.kind === 'store');
    return hasLogins ? new Accounts({ ...this.options, takesKeysOnly: true }) : this;
  }

  /** Those that requests may be sent with, for whoever puts them in and foretells which. */
  get view(): Pick<AccountGroup, 'find' | 'members' | 'isAlone' | 'foresee' | 'leftOf' | 'strategy'> {
    const { accounts, leftOut } = this;
    return {
      find: (id) => accounts.find(id),
      members: accounts.members.filter((member) => !leftOut.has(member)),
      isAlone: accounts.isAlone,
      foresee: (exchange) => accounts.foresee(exchange, leftOut, this.scope),
      leftOf: (member) => accounts.leftOf(member),
      strategy: accounts.strategy,
    };
  }

  select(exchange: Exchange, tried: readonly Origin[]): Origin | null | Promise<Origin | null> {
    if (tried.length > 0) return this.selectAgain(exchange);
    exchange.exit = '';
    const member = this.first(exchange);
    if (member === null) throw new SluiceError('credential_unavailable');
    return member.data.account.isReady ? this.begin(exchange, member) : this.waitFor(exchange, member);
  }

  async mayDoBetter(exchange: Exchange): Promise<boolean> {
    const member = this.accounts.find(exchange.exit);
    if (member === null) return false;
    const journey = this.journeyOf(exchange);
    const { status } = exchange.response;
    const ticket = this.ticketOf(exchange);
    this.judge(exchange, member);
    journey.isJudged = true;
    if (status === UNAUTHORIZED && !journey.renewed.has(member)) {
      journey.renewed.add(member);
      journey.next = (await member.data.account.renew(exchange.request.fields)) ? member : null;
      if (journey.next !== null) return true;
      // One that is dead is left out anyway, until its owner signs in; any other may soon be good again.
      if (!this.accounts.isAlone && member.data.account.kind === 'store') member.judge(ticket, LEFT_ALONE);
    }
    if (status === FORBIDDEN) journey.forbade.add(member);
    journey.tried.add(member);
    journey.next = await this.nextReady(exchange, journey);
    return journey.next !== null;
  }

  /** The head of an answer that goes to the client is there. */
  answered(exchange: Exchange): void {
    const member = this.accounts.find(exchange.exit);
    if (member === null || exchange.response.isOurs) return;
    const journey = this.journeys.get(exchange);
    const isOfIt = journey !== undefined && journey.id === exchange.id;
    if (isOfIt) this.journeys.delete(exchange);
    if (isOfIt && journey.isJudged) return;
    this.judge(exchange, member);
    if (exchange.response.status === UNAUTHORIZED) void member.data.account.renew(exchange.request.fields);
    if (!isOfIt || exchange.response.status >= 400) return;
    // The same request was good enough with another account.
    for (const other of journey.forbade) other.judge(0, REFUSED);
  }

  report({ ticket, code, status, durationMs }: Attempt): void {
    const { members } = this.accounts;
    const member = members[ticket % members.length];
    if (member === undefined) return;
    // That was judged as soon as it came, as far as there is anything to judge.
    if (LIMITED.has(status)) member.release();
    else member.end(Math.floor(ticket / members.length), outcomeOf(code === null ? status : 0, durationMs));
  }

  leave(exchange: Exchange): void {
    this.waiting.delete(exchange);
  }

  dispose(): void {
    this.accounts.dispose();
  }

  private first(exchange: Exchange, tried: ReadonlySet<AccountMember> = this.leftOut): AccountMember | null {
    return this.accounts.pick(exchange, tried, this.scope) ?? this.accounts.leastBad(tried);
  }

  /** Conversations that may not be everywhere are others. */
  private get scope(): string {
    return this.leftOut.size === 0 ? '' : 'keys';
  }

  private selectAgain(exchange: Exchange): Origin | null | Promise<Origin | null> {
    const journey = this.journeys.get(exchange);
    const next = journey?.id === exchange.id ? journey.next : null;
    if (journey === undefined || next === null) return null;
    journey.next = null;
    journey.isJudged = false;
    return this.begin(exchange, next);
  }

  private begin(exchange: Exchange, member: AccountMember): Origin | null | Promise<Origin | null> {
    const { members } = this.accounts;
    exchange.exit = member.id;
    exchange.ticket = member.begin() * members.length + members.indexOf(member);
    return this.options.provider.select(exchange, NONE);
  }

  /** Whoever cannot be made ready is passed over. */
  private async waitFor(exchange: Exchange, first: AccountMember): Promise<Origin | null> {
    const turn = {};
    this.waiting.set(exchange, turn);
    const tried = new Set(this.leftOut);
    for (let member: AccountMember | null = first; member !== null; member = this.first(exchange, tried)) {
      const isReady = await becomesReady(member);
      if (this.waiting.get(exchange) !== turn) return null;
      if (isReady) return this.begin(exchange, member);
      tried.add(member);
    }
    throw new SluiceError('credential_unavailable');
  }

  private async nextReady(exchange: Exchange, { id, tried }: Journey): Promise<AccountMember | null> {
    for (;;) {
      // It may be another one by now.
      const next = exchange.id === id ? this.accounts.pick(exchange, tried, this.scope) : null;
      if (next === null || (await becomesReady(next))) return next;
      tried.add(next);
    }
  }

  private judge(exchange: Exchange, member: AccountMember): void {
    const { accounts } = this;
    const { status, fields } = exchange.response;
    accounts.noteQuota(member, fields);
    if (accounts.isAlone) return;
    const ticket = this.ticketOf(exchange);
    // Of another model there may be enough.
    if (isOfModelAlone(fields)) return;
    if (LIMITED.has(status)) {
      member.judge(ticket, { kind: 'busy', retryAfterMs: accounts.coolDownMs(member, exchange.response) });
    } else if (status === UNAUTHORIZED && member.data.account.kind === 'api_key') member.judge(ticket, REFUSED);
  }

  private ticketOf({ ticket }: Exchange): number {
    return Math.floor(ticket / this.accounts.members.length);
  }

  private journeyOf(exchange: Exchange): Journey {
    const known = this.journeys.get(exchange);
    if (known !== undefined && known.id === exchange.id) return known;
    const begun: Journey = {
      id: exchange.id,
      tried: new Set(this.leftOut),
      renewed: new Set(),
      forbade: new Set(),
      isJudged: false,
      next: null,
    };
    this.journeys.set(exchange, begun);
    return begun;
  }
}

async function becomesReady({ data: { account } }: AccountMember): Promise<boolean> {
  if (account.isReady) return true;
  try {
    await account.require();
  } catch {
    return false;
  }
  return account.isReady;
}

/** What was wrong on the way there is no account's fault. */
function outcomeOf(status: number, durationMs: number): Outcome {
  if (status === 0) return NEUTRAL;
  if (status >= SERVER_ERROR) return { kind: 'failure', reason: 'upstream_unavailable' };
  return status === SWITCHED || status < 400 ? { kind: 'success', latencyMs: durationMs } : NEUTRAL;
}
