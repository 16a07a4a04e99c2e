// One request on its way through a chain: the members picked for it, the attempts made, and what each member is told in the
// end. Rule: every use that was begun is judged once and released once, whatever happens; another member is tried only
// where nothing has reached the destination yet.
import { formatHostPort } from '../../core/address.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Group } from '../balance/group.ts';
import type { Member } from '../balance/member.ts';
import type { ChainOptions } from './chain-options.ts';
import type {
  ChainAsk,
  ChainAttempt,
  ChainHandler,
  ChainHop,
  ChainLink,
  Destination,
  Dialling,
  LinkEnd,
} from './chain-link.ts';
import { dialChain, type DialledChain } from './dial-chain.ts';
import type { HopFailure } from './hop-fault.ts';
import { HopUse, NEUTRAL, outcomeOf } from './hop-use.ts';
import type { Credentials, ProxyEndpoint } from './proxy-endpoint.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface ChainRunInit {
  readonly options: ChainOptions;
  readonly retries: RetryBudget;
  readonly destination: Destination | null;
  readonly ask: ChainAsk | null;
}

/** A use that ended with an accusation: nobody knows yet whether it is true. */
interface Accusation {
  readonly use: HopUse;
  readonly index: number;
  readonly failure: HopFailure;
  /** By whose account. */
  readonly reporter: Member<ProxyEndpoint> | null;
}

/** With less left than this nothing more is tried. */
const SHORTEST_ATTEMPT_MS = 50;

export class ChainRun implements Dialling {
  readonly #init: ChainRunInit;
  readonly #handler: ChainHandler;
  readonly #groups: readonly Group<ProxyEndpoint>[];
  readonly #startedAtMs = performance.now();
  /** By group: who is in use, null = nobody yet, or no longer. */
  readonly #uses: (HopUse | null)[];
  readonly #tried: Set<Member<ProxyEndpoint>>[];
  readonly #attempts: ChainAttempt[] = [];
  #accusations: Accusation[] = [];
  #attemptAtMs = 0;
  #dialling: Dialling | null = null;
  #isOver = false;

  constructor(init: ChainRunInit, handler: ChainHandler) {
    this.#init = init;
    this.#handler = handler;
    this.#groups = init.options.groups;
    this.#uses = this.#groups.map(() => null);
    this.#tried = this.#groups.map(() => new Set());
  }

  start(): void {
    const missing = this.#fill();
    if (missing === null) this.#attempt();
    // The caller does not yet have what it would cancel with.
    else process.nextTick(() => this.#exhausted(missing));
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dialling?.cancel();
    this.#dropUses();
  }

  /** Picks whoever is missing; the group that has nobody, or null. */
  #fill(): Group<ProxyEndpoint> | null {
    for (const [index, group] of this.#groups.entries()) {
      if (this.#uses[index] === null && !this.#pick(index, group)) return group;
    }
    return null;
  }

  #pick(index: number, group: Group<ProxyEndpoint>): boolean {
    const { ask } = this.#init;
    const tried = this.#tried[index] ?? new Set();
    const chosen = ask?.choose?.(group, tried);
    const member =
      chosen === undefined ? group.pick({ key: ask?.key ?? null, exclude: tried, tags: ask?.tags ?? null }) : chosen;
    if (member === null) return false;
    const credentials = ask?.credentialsFor?.(member.data) ?? null;
    this.#uses[index] = new HopUse(group, member, endpointAs(member.data, credentials));
    return true;
  }

  #attempt(): void {
    const { options, destination, ask } = this.#init;
    this.#attemptAtMs = performance.now();
    this.#dialling = dialChain(
      this.#hops().map(({ endpoint }) => endpoint),
      destination,
      {
        dns: options.dns,
        connectTimeoutMs: options.connectTimeoutMs,
        handshakeTimeoutMs: options.handshakeTimeoutMs,
        budgetMs: this.#leftMs,
        firstRequestTo: ask?.firstRequestTo,
        warm: options.warm,
      },
      { onConnected: (dialled) => this.#connected(dialled), onFailed: (failure) => this.#failed(failure) },
    );
  }

  #hops(): ChainHop[] {
    return this.#uses.flatMap((use) =>
      use === null ? [] : [{ hop: use.group.name, member: use.member, endpoint: use.endpoint }],
    );
  }

  get #leftMs(): number {
    return this.#init.options.budgetMs - (performance.now() - this.#startedAtMs);
  }

  // Success.

  #connected({ connection, leftover, timings, auth }: DialledChain): void {
    this.#isOver = true;
    const latencyMs = timings.dnsMs + timings.connectMs + timings.tlsMs + timings.hopsMs;
    for (const [index, use] of this.#uses.entries()) {
      const target = this.#targetOf(index);
      // The end has been asked for nothing yet: that it took the connection says nothing of how it will serve.
      use?.judge(target === null ? NEUTRAL : { kind: 'success', latencyMs, target });
    }
    this.#judgeAccused(true);
    this.#handler.onConnected(
      new Link(
        { connection, leftover, timings, auth },
        {
          uses: this.#uses.filter((use) => use !== null),
          hops: this.#hops(),
          attempts: this.#attempts,
          target: this.#targetOf(this.#uses.length - 1),
        },
      ),
    );
  }

  /** What the hop at `index` is to reach; null: it is the end. */
  #targetOf(index: number): string | null {
    const next = this.#uses[index + 1]?.endpoint ?? this.#init.destination;
    return next === null ? null : formatHostPort(next.host, next.port);
  }

  // Failure.

  #failed(failure: HopFailure): void {
    this.#dialling = null;
    this.#note(failure);
    const mayRetry = this.#mayRetry(failure);
    this.#lay(failure);
    const isFull = this.#attempts.length >= this.#init.options.attempts || this.#leftMs < SHORTEST_ATTEMPT_MS;
    if (mayRetry && !isFull && this.#replace(failure) && this.#init.retries.spend()) this.#attempt();
    else this.#giveUp(failure);
  }

  #note({ failedHop, blame, code, message }: HopFailure): void {
    const use = this.#uses[failedHop];
    const durationMs = performance.now() - this.#attemptAtMs;
    const member = use?.member.id ?? '';
    this.#attempts.push({ hop: use?.group.name ?? '', member, blame, code, message, durationMs });
  }

  #mayRetry({ blame, isUnproven, status }: HopFailure): boolean {
    if (blame === 'ambiguous') return isUnproven || this.#init.options.retryOnStatus.includes(status);
    return blame === 'member' || blame === 'auth' || blame === 'busy';
  }

  /** Ends the use of the member that has failed; the others go on. */
  #lay(failure: HopFailure): void {
    const { failedHop, reportedBy, isUnproven } = failure;
    const use = this.#uses[failedHop];
    if (use === null || use === undefined) return;
    const target = this.#targetOf(failedHop) ?? '';
    this.#uses[failedHop] = null;
    this.#tried[failedHop]?.add(use.member);
    const reporter = reportedBy === null ? null : (this.#uses[reportedBy]?.member ?? null);
    if (isUnproven) this.#accusations.push({ use, index: failedHop, failure, reporter });
    else use.end(outcomeOf(failure, target));
  }

  /** Another for the one that has failed; where there is none, another for the one that says so. */
  #replace({ failedHop, reportedBy }: HopFailure): boolean {
    if (failedHop < 0) return false;
    if (this.#fill() === null) return true;
    const reporter = reportedBy === null ? null : this.#uses[reportedBy];
    if (reportedBy === null || reporter === null || reporter === undefined) return false;
    this.#uses[reportedBy] = null;
    this.#tried[reportedBy]?.add(reporter.member);
    this.#tried[failedHop]?.clear();
    reporter.end(NEUTRAL);
    return this.#fill() === null;
  }

  #giveUp({ code, message, cause, retryAfterMs }: HopFailure): void {
    this.#isOver = true;
    this.#dropUses();
    const error = new SluiceError(code, { message, ...(cause === undefined ? {} : { cause }) });
    this.#handler.onFailed({ error, attempts: this.#attempts, retryAfterMs });
  }

  #exhausted(group: Group<ProxyEndpoint>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dropUses();
    const seconds = group.retryAfterSeconds();
    const message = `no proxy of ${group.name} can be used at the moment`;
    this.#handler.onFailed({
      error: new SluiceError('hops_exhausted', { message }),
      attempts: this.#attempts,
      retryAfterMs: seconds === null ? null : seconds * 1000,
    });
  }

  #dropUses(): void {
    this.#judgeAccused(false);
    for (const use of this.#uses) use?.end(NEUTRAL);
    this.#uses.fill(null);
  }

  /** Another one in its place has done what it did not, by the same account: then it is true. Else nobody knows. */
  #judgeAccused(hasSucceeded: boolean): void {
    const accusations = this.#accusations;
    this.#accusations = [];
    for (const { use, index, failure, reporter } of accusations) {
      const isSameAccount = reporter === null || this.#uses.some((each) => each?.member === reporter);
      if (hasSucceeded && isSameAccount) use.end({ kind: 'failure', reason: failure.code });
      else if (reporter === null) use.end(outcomeOf(failure, this.#targetOf(index) ?? ''));
      else use.end(NEUTRAL);
    }
  }
}

/** The endpoint itself where nothing changes: what is remembered about its credentials hangs on it. */
function endpointAs(endpoint: ProxyEndpoint, credentials: Credentials | null): ProxyEndpoint {
  const { username, password } = credentials ?? endpoint;
  return username === endpoint.username && password === endpoint.password
    ? endpoint
    : { ...endpoint, username, password };
}

/** Cut so soon, with nothing received, it may be the fault of the last hop. */
const SUSPICIOUS_MS = 3000;

interface LinkPath {
  readonly uses: readonly HopUse[];
  readonly hops: readonly ChainHop[];
  readonly attempts: readonly ChainAttempt[];
  /** What it leads to; null: the last hop itself. */
  readonly target: string | null;
}

class Link implements ChainLink {
  readonly connection: DialledChain['connection'];
  readonly leftover: DialledChain['leftover'];
  readonly timings: DialledChain['timings'];
  readonly auth: DialledChain['auth'];
  readonly hops: readonly ChainHop[];
  readonly attempts: readonly ChainAttempt[];
  readonly #sinceMs = performance.now();
  readonly #target: string | null;
  #uses: readonly HopUse[];

  constructor(dialled: DialledChain, { uses, hops, attempts, target }: LinkPath) {
    this.connection = dialled.connection;
    this.leftover = dialled.leftover;
    this.timings = dialled.timings;
    this.auth = dialled.auth;
    this.#uses = uses;
    this.#target = target;
    this.hops = hops;
    this.attempts = attempts;
  }

  release({ bytesSent, bytesReceived, wasReset }: LinkEnd): void {
    const uses = this.#uses;
    this.#uses = [];
    for (const use of uses) {
      use.member.countBytes(bytesSent, bytesReceived);
      use.release();
    }
    const last = uses.at(-1)?.member;
    const isSoon = performance.now() - this.#sinceMs < SUSPICIOUS_MS;
    if (bytesReceived > 0) last?.trust();
    else if (wasReset && isSoon && this.#target !== null) last?.doubt(this.#target, 'hop_invalid');
  }
}
