// Remembers what names resolve to, so that dialling an origin seldom waits for the system's resolver and a short outage
// of DNS is not an outage of ours. Rule: one question per name at a time, and no answer older than ttlMs + maxStaleMs.
import { SluiceError } from '../core/errors.ts';
import { type Resolve, type ResolveCallback, type ResolvedAddress, systemResolve } from './resolver.ts';

export interface DnsCacheOptions {
  /** How long an answer counts, unless its records say less. */
  readonly ttlMs?: number;
  /** How long a failure counts. */
  readonly negativeTtlMs?: number;
  /** How long an expired answer still serves while asking again fails. */
  readonly maxStaleMs?: number;
  readonly maxEntries?: number;
  readonly resolve?: Resolve;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

interface Entry {
  addresses: readonly ResolvedAddress[];
  error: Error | null;
  /** Until then the answer, or the failure, is given without asking. */
  freshUntil: number;
  /** Until then the addresses may stand in for a failure; 0 without addresses. */
  usableUntil: number;
  /** Not null while the question is under way. */
  waiting: ResolveCallback[] | null;
}

const NO_ADDRESSES: readonly ResolvedAddress[] = [];

export class DnsCache {
  readonly #ttlMs: number;
  readonly #negativeTtlMs: number;
  readonly #maxStaleMs: number;
  readonly #maxEntries: number;
  readonly #resolve: Resolve;
  readonly #now: () => number;
  /** In the order of last use, so that the first is the one to give up. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: DnsCacheOptions = {}) {
    this.#ttlMs = options.ttlMs ?? 30_000;
    this.#negativeTtlMs = options.negativeTtlMs ?? 1000;
    this.#maxStaleMs = options.maxStaleMs ?? 300_000;
    this.#maxEntries = options.maxEntries ?? 1000;
    this.#resolve = options.resolve ?? systemResolve;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Calls `done` before it returns when the answer is known, else later. */
  lookup(host: string, done: ResolveCallback): void {
    const entry = this.#use(host.toLowerCase());
    if (entry.waiting !== null) entry.waiting.push(done);
    else if (this.#now() < entry.freshUntil) done(entry.error, entry.addresses);
    else this.#ask(host.toLowerCase(), entry, done);
  }

  /** Puts an address that has answered before the others of its name, until the answer expires. */
  prefer(host: string, address: string): void {
    const entry = this.#entries.get(host.toLowerCase());
    const chosen = entry?.addresses.find((each) => each.address === address);
    if (entry === undefined || chosen === undefined || entry.addresses[0] === chosen) return;
    entry.addresses = [chosen, ...entry.addresses.filter((each) => each !== chosen)];
  }

  /** How many names are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  #use(name: string): Entry {
    const known = this.#entries.get(name);
    const entry = known ?? {
      addresses: NO_ADDRESSES,
      error: null,
      freshUntil: -Infinity,
      usableUntil: 0,
      waiting: null,
    };
    if (known !== undefined) this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#maxEntries) this.#dropOldest();
    return entry;
  }

  #dropOldest(): void {
    const oldest = this.#entries.keys().next();
    // An entry with a question under way still answers those who wait; only the memory of it goes.
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }

  #ask(name: string, entry: Entry, done: ResolveCallback): void {
    entry.waiting = [done];
    this.#resolve(name, (error, addresses, ttlMs = null) => {
      if (error === null && addresses.length > 0) this.#keepAnswer(entry, addresses, ttlMs);
      else
        this.#keepFailure(
          entry,
          error ?? new SluiceError('upstream_dns_failed', { message: `${name} has no address` }),
        );
      const waiting = entry.waiting ?? [];
      entry.waiting = null;
      // Each in its own turn: one that throws must not cost the others their answer.
      for (const each of waiting) queueMicrotask(() => each(entry.error, entry.addresses));
    });
  }

  #keepAnswer(entry: Entry, addresses: readonly ResolvedAddress[], ttlMs: number | null): void {
    entry.addresses = addresses;
    entry.error = null;
    entry.freshUntil = this.#now() + Math.min(this.#ttlMs, ttlMs ?? Infinity);
    entry.usableUntil = entry.freshUntil + this.#maxStaleMs;
  }

  #keepFailure(entry: Entry, error: Error): void {
    const isUsable = this.#now() < entry.usableUntil;
    entry.error = isUsable ? null : error;
    if (!isUsable) entry.addresses = NO_ADDRESSES;
    entry.freshUntil = this.#now() + this.#negativeTtlMs;
  }
}
