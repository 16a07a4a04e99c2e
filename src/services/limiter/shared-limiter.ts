// Limits that hold for all nodes together, as one thread keeps them. Rule: no request waits for longer than the state has time to answer, and none
// fails because it does not: then this node keeps its share of each limit for itself, until the state answers again.
import { createHash } from 'node:crypto';
import { Breaker } from '../../state/breaker.ts';
import type { LoanWish, SharedState } from '../../state/shared-state.ts';
import { type Lease, LeaseBook } from './lease-book.ts';
import type { LimitBucket, Limiter, Verdict } from './limit-bucket.ts';
import type { Limit, LimitTable } from './limit-table.ts';
import { type Lender, SharedBucket } from './shared-bucket.ts';

export interface SharedLimiterOptions {
  readonly state: Pick<SharedState, 'isUp' | 'borrow' | 'nodes'>;
  /** Where this node counts when it is alone, with all of its threads. */
  readonly table: LimitTable;
  readonly threads: number;
  readonly now?: () => number;
  /** Called when this thread begins to count alone, and when it ends. */
  readonly onAlone?: (isAlone: boolean) => void;
}

interface Asked {
  readonly bucket: SharedBucket;
  readonly lease: Lease;
}

/** What is not urgent waits for others of its kind. */
const SOON_MS = 5;
/** No more is on its way at once: whoever comes then is judged by what this node keeps for itself. */
const MOST_ASKED = 10_000;
const MOST_REST_MS = 2_000;
/** How many nodes there are. */
const COUNT_EVERY_MS = 2_000;
/** Takes nothing. */
const PROBE: LoanWish = { bucket: 'probe', limit: { intervalMs: 1, burst: 1 }, spent: 0, need: 0, more: 0 };
const DIGEST_CHARACTERS = 22;

export class SharedLimiter implements Limiter, Lender {
  readonly threads: number;
  readonly #options: SharedLimiterOptions;
  readonly #now: () => number;
  readonly #breaker: Breaker;
  readonly #books = new Map<string, LeaseBook>();
  readonly #shares = new Map<Limit, Limit>();
  readonly #scopes = new Map<string, number>();
  #nodes = 1;
  #wanted: Asked[] = [];
  #asked = 0;
  #soon: NodeJS.Timeout | null = null;
  #isAsking = false;
  #probe: NodeJS.Timeout | null = null;
  #counting: NodeJS.Timeout;
  #wasAlone = false;

  constructor(options: SharedLimiterOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#breaker = new Breaker(this.#now, MOST_REST_MS);
    this.threads = options.threads;
    this.#counting = setInterval(() => void this.#count(), COUNT_EVERY_MS).unref();
    void this.#count();
  }

  /** What was borrowed for a scope outlives a reload. */
  bucket(scope: string, limit: Limit): LimitBucket {
    const book = this.#books.get(scope) ?? new LeaseBook();
    this.#books.set(scope, book);
    return new SharedBucket(this, scope, limit, book);
  }

  get isAlone(): boolean {
    const isAlone = !this.#options.state.isUp || this.#breaker.isOpen || this.#asked > MOST_ASKED;
    if (isAlone !== this.#wasAlone) this.#turn(isAlone);
    return isAlone;
  }

  now(): number {
    return this.#now();
  }

  wants(bucket: SharedBucket, lease: Lease, isUrgent: boolean): void {
    if (!lease.isWanted) {
      lease.isWanted = true;
      this.#wanted.push({ bucket, lease });
    }
    if (isUrgent && !this.#isAsking) {
      this.#isAsking = true;
      setImmediate(() => this.#askAll());
    } else if (!isUrgent) this.#soon ??= setTimeout(() => this.#askAll(), SOON_MS);
  }

  takeAlone(scope: string, key: string, limit: Limit): Verdict {
    const { table } = this.#options;
    const place = this.#scopes.get(scope) ?? table.scope(scope);
    this.#scopes.set(scope, place);
    const isWithin = table.take(place, key, this.#shareOf(limit));
    const { remaining, resetMs, retryAfterMs } = table;
    return { isWithin, remaining, resetMs, retryAfterMs };
  }

  /** Of keys that may be addresses and tokens nobody else learns anything. */
  placeOf(scope: string, key: string): string {
    const digest = createHash('sha256').update(`${scope}\n${key}`).digest('base64url');
    return digest.slice(0, DIGEST_CHARACTERS);
  }

  close(): void {
    clearInterval(this.#counting);
    if (this.#soon !== null) clearTimeout(this.#soon);
    if (this.#probe !== null) clearTimeout(this.#probe);
    for (const { bucket, lease } of this.#wanted.splice(0)) bucket.notLent(lease);
  }

  /** The part of a limit that is this node's when it cannot ask the others. */
  #shareOf(limit: Limit): Limit {
    if (this.#nodes <= 1) return limit;
    const known = this.#shares.get(limit);
    if (known !== undefined) return known;
    const share = {
      intervalMs: limit.intervalMs * this.#nodes,
      burst: Math.max(1, Math.ceil(limit.burst / this.#nodes)),
    };
    this.#shares.set(limit, share);
    return share;
  }

  /** A key about which something is under way waits for the next time. */
  #askAll(): void {
    this.#isAsking = false;
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#soon = null;
    const all = this.#wanted;
    this.#wanted = all.filter(({ lease }) => lease.isAsked);
    const now = all.filter(({ lease }) => !lease.isAsked);
    if (now.length > 0) void this.#ask(now);
  }

  async #ask(asked: readonly Asked[]): Promise<void> {
    const waiting = asked.map(({ lease }) => lease.waiting.length);
    const wishes = asked.map(({ bucket, lease }) => bucket.wishFor(lease));
    for (const { lease } of asked) {
      lease.isWanted = false;
      lease.isAsked = true;
    }
    this.#asked += asked.length;
    try {
      const loans = await this.#options.state.borrow(wishes);
      this.#breaker.answered();
      for (const [index, { bucket, lease }] of asked.entries()) {
        const loan = loans[index];
        if (loan === undefined) bucket.notLent(lease);
        else bucket.lent(lease, loan, waiting[index] ?? 0);
      }
    } catch {
      this.#failed();
      for (const { bucket, lease } of asked) bucket.notLent(lease);
    }
    this.#asked -= asked.length;
    for (const { lease } of asked) lease.isAsked = false;
    this.#askAgain();
  }

  /** Who came while something about its key was under way. */
  #askAgain(): void {
    if (this.#wanted.length === 0 || this.#isAsking) return;
    this.#isAsking = true;
    setImmediate(() => this.#askAll());
  }

  #failed(): void {
    this.#breaker.failed();
    if (this.#breaker.isOpen) this.#tryLater();
  }

  #tryLater(): void {
    this.#probe ??= setTimeout(() => void this.#tryAgain(), this.#breaker.restMs + 1).unref();
  }

  /** Not with a request that somebody waits for. */
  async #tryAgain(): Promise<void> {
    this.#probe = null;
    // Timers may be early.
    if (!this.#breaker.mayAsk()) {
      this.#tryLater();
      return;
    }
    try {
      await this.#options.state.borrow([PROBE]);
      this.#breaker.answered();
      void this.#count();
    } catch {
      this.#failed();
    }
  }

  #turn(isAlone: boolean): void {
    this.#wasAlone = isAlone;
    this.#options.onAlone?.(isAlone);
  }

  async #count(): Promise<void> {
    // Also where nobody comes.
    void this.isAlone;
    try {
      const nodes = Math.max(1, (await this.#options.state.nodes()).length);
      if (nodes !== this.#nodes) this.#shares.clear();
      this.#nodes = nodes;
    } catch {
      // As many as there were.
    }
  }
}
