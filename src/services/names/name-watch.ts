// What one name resolves to, asked again and again. Rule: a failure takes nothing back: the addresses that were known last stay until
// there is another answer.
import { SluiceError } from '../../core/errors.ts';
import type { Resolve, ResolvedAddress } from '../../transport/resolver.ts';

export interface NameWatchOptions {
  readonly host: string;
  /** The longest time between two questions; an answer that counts for less is asked for again sooner. */
  readonly everyMs: number;
  readonly resolve: Resolve;
  /** Told when the addresses are others, and of each answer as long as none are known. */
  readonly onNews: () => void;
  readonly timers?: NameTimers;
}

export interface NameTimers {
  /** Calls `run` once, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
  /** Monotonic milliseconds. */
  now(): number;
}

/** How soon a question that failed is asked again: at first, and when somebody wants to know. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15_000;
/** What a resolver does not answer at all is a failure too. */
const PATIENCE_MS = 30_000;

const systemTimers: NameTimers = {
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};

export class NameWatch {
  readonly everyMs: number;
  readonly #options: NameWatchOptions;
  readonly #timers: NameTimers;
  #addresses: readonly ResolvedAddress[] = [];
  #failure: SluiceError | null = null;
  #failures = 0;
  #askedAtMs = 0;
  /** Counts the questions, so that a late answer can be told from the one that is waited for. */
  #question = 0;
  #isAsking = false;
  #isStopped = false;
  #cancel: () => void = () => {};

  constructor(options: NameWatchOptions) {
    this.#options = options;
    this.everyMs = options.everyMs;
    this.#timers = options.timers ?? systemTimers;
  }

  /** The last that were known. */
  get addresses(): readonly ResolvedAddress[] {
    return this.#addresses;
  }

  /** Why there are no addresses; null where there are, or where nobody knows yet. */
  get failure(): SluiceError | null {
    return this.#addresses.length > 0 ? null : this.#failure;
  }

  /** There has been no answer yet. */
  get isPending(): boolean {
    return this.#addresses.length === 0 && this.#failure === null;
  }

  start(): void {
    this.#ask();
  }

  /** Asks now, unless that was done a moment ago. */
  askAgain(): void {
    if (!this.#isAsking && this.#timers.now() - this.#askedAtMs >= FIRST_RETRY_MS) this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #ask(): void {
    if (this.#isStopped) return;
    this.#cancel();
    this.#isAsking = true;
    this.#askedAtMs = this.#timers.now();
    const question = ++this.#question;
    this.#cancel = this.#timers.after(PATIENCE_MS, () => this.#answered(question, new Error('there is no answer'), []));
    this.#options.resolve(this.#options.host, (error, addresses, ttlMs = null) => {
      this.#answered(question, error, addresses, ttlMs);
    });
  }

  #answered(
    question: number,
    error: Error | null,
    addresses: readonly ResolvedAddress[],
    ttlMs: number | null = null,
  ): void {
    if (question !== this.#question || !this.#isAsking || this.#isStopped) return;
    this.#isAsking = false;
    this.#cancel();
    if (error === null && addresses.length > 0) this.#learn(addresses, ttlMs);
    else this.#fail(error);
  }

  #learn(addresses: readonly ResolvedAddress[], ttlMs: number | null): void {
    const isNews = !isSame(addresses, this.#addresses);
    this.#addresses = addresses;
    this.#failures = 0;
    this.#cancel = this.#timers.after(Math.min(this.everyMs, ttlMs ?? Infinity), () => this.#ask());
    if (isNews) this.#options.onNews();
  }

  #fail(error: Error | null): void {
    const { host } = this.#options;
    const why = reasonOf(error);
    this.#failure = new SluiceError('upstream_dns_failed', { message: `${host} could not be resolved: ${why}` });
    const waitMs = Math.min(
      FIRST_RETRY_MS * 2 ** this.#failures,
      LONGEST_RETRY_MS,
      Math.max(this.everyMs, FIRST_RETRY_MS),
    );
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#cancel = this.#timers.after(waitMs, () => this.#ask());
    if (this.#addresses.length === 0) this.#options.onNews();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name',
  ENODATA: 'it has no address',
  ESERVFAIL: 'the DNS server could not say',
  EREFUSED: 'the DNS server refuses to say',
  ETIMEOUT: 'the DNS server does not answer',
  ECONNREFUSED: 'there is no DNS server there',
  EAI_AGAIN: 'the DNS server does not answer',
};

function reasonOf(error: NodeJS.ErrnoException | null): string {
  if (error === null) return 'it has no address';
  return REASONS[error.code ?? ''] ?? error.message;
}

function isSame(one: readonly ResolvedAddress[], other: readonly ResolvedAddress[]): boolean {
  const known = new Set(other.map(({ address }) => address));
  return one.length === other.length && one.every(({ address }) => known.has(address));
}
