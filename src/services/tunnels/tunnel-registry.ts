// Which name leads to whose client. Rule: a name has one owner; it is held for its account when the client has gone, and an older
// session of the same account gives way at once.
import type { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import { isTunnelName, randomTunnelName } from './tunnel-names.ts';
import type { TunnelLink } from './tunnel-link.ts';

export interface TunnelEntry {
  readonly name: string;
  readonly account: string;
  readonly session: TunnelLink | null;
  readonly sinceMs: number;
}

interface Held {
  readonly account: string;
  session: TunnelLink | null;
  sinceMs: number;
  /** While nobody has it; 0 while somebody does. */
  heldUntilMs: number;
}

export type FoundTunnel =
  | { readonly kind: 'online'; readonly session: TunnelLink }
  | { readonly kind: 'offline' }
  | { readonly kind: 'unknown' };

export type Claim = { readonly name: string } | { readonly refused: string; readonly why: string };

/** Where names outlive the process. */
export type NameBook = Pick<TunnelAccountFile, 'names' | 'keepName' | 'dropName'>;

export interface TunnelRegistryOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a name is kept for its account. */
  readonly holdMs: number;
  /** How many names an account may have at once. */
  readonly maxNames: number;
}

/** Names whose time is over are looked for so often. */
const SWEEP_EVERY_MS = 60_000;

const OFFLINE: FoundTunnel = { kind: 'offline' };
const UNKNOWN: FoundTunnel = { kind: 'unknown' };

export class TunnelRegistry {
  readonly #options: TunnelRegistryOptions;
  /** A map: names come from outside, and an object has names of its own. */
  readonly #names = new Map<string, Held>();
  readonly #namesOf = new Map<string, Set<string>>();
  #sweptAtMs = 0;
  #book: NameBook | null = null;

  constructor(options: TunnelRegistryOptions) {
    this.#options = options;
  }

  /** null: it is closed. What was connected when the process ended waits for its client from now on. */
  keepIn(book: NameBook | null): void {
    this.#book = book;
    for (const { name, account, heldUntilMs } of book?.names() ?? []) {
      if (this.#names.has(name)) continue;
      this.#put(name, {
        account,
        session: null,
        sinceMs: this.#options.now(),
        heldUntilMs: heldUntilMs ?? this.#holdUntil(),
      });
    }
  }

  find(name: string): FoundTunnel {
    const held = this.#names.get(name);
    if (held === undefined) return UNKNOWN;
    if (held.session !== null) return { kind: 'online', session: held.session };
    return this.#isHeld(held) ? OFFLINE : UNKNOWN;
  }

  /** null: any name will do. */
  claim(wanted: string | null, account: string, session: TunnelLink): Claim {
    if (this.#options.now() - this.#sweptAtMs > SWEEP_EVERY_MS) this.#sweep();
    const name = wanted?.toLowerCase() ?? this.#freeName();
    const refusal = this.#refusalOf(name, account);
    if (refusal !== null) return refusal;
    const known = this.#names.get(name);
    if (known !== undefined) this.#delete(name, known);
    this.#put(name, { account, session, sinceMs: this.#options.now(), heldUntilMs: 0 });
    this.#book?.keepName({ name, account, heldUntilMs: null });
    session.names.add(name);
    const before = known?.session ?? null;
    if (before !== null && before !== session) before.replaced(name);
    return { name };
  }

  #put(name: string, held: Held): void {
    this.#names.set(name, held);
    const own = this.#namesOf.get(held.account);
    if (own === undefined) this.#namesOf.set(held.account, new Set([name]));
    else own.add(name);
  }

  #holdUntil(): number {
    return this.#options.now() + this.#options.holdMs;
  }

  #refusalOf(name: string, account: string): Claim | null {
    if (!isTunnelName(name)) {
      const why = 'a name has 3 to 63 letters, digits and "-", and may not be reserved';
      return { refused: 'SUBDOMAIN_UNAVAILABLE', why };
    }
    const held = this.#names.get(name);
    if (held === undefined || !this.#isHeld(held)) {
      const why = `this account has ${this.#options.maxNames} names already`;
      return this.#hasRoom(account) ? null : { refused: 'POOL_EXHAUSTED', why };
    }
    return held.account === account
      ? null
      : { refused: 'SUBDOMAIN_UNAVAILABLE', why: `${name} belongs to another account` };
  }

  /** Its client has gone: the names wait for it. */
  release(session: TunnelLink): void {
    for (const name of session.names) {
      const held = this.#names.get(name);
      if (held?.session !== session) continue;
      held.session = null;
      held.sinceMs = this.#options.now();
      held.heldUntilMs = this.#holdUntil();
      this.#book?.keepName({ name, account: held.account, heldUntilMs: held.heldUntilMs });
    }
  }

  /** Nobody has it any more; false: nobody had. */
  forget(name: string): boolean {
    const held = this.#names.get(name);
    if (held === undefined) return false;
    this.#delete(name, held);
    held.session?.removed(name);
    return true;
  }

  entries(): TunnelEntry[] {
    this.#sweep();
    return [...this.#names].map(([name, { account, session, sinceMs }]) => ({ name, account, session, sinceMs }));
  }

  #isHeld({ session, heldUntilMs }: Held): boolean {
    return session !== null || heldUntilMs > this.#options.now();
  }

  #sweep(): void {
    this.#sweptAtMs = this.#options.now();
    for (const [name, held] of this.#names) if (!this.#isHeld(held)) this.#delete(name, held);
  }

  #delete(name: string, { account }: Held): void {
    this.#names.delete(name);
    this.#book?.dropName(name);
    const own = this.#namesOf.get(account);
    own?.delete(name);
    if (own?.size === 0) this.#namesOf.delete(account);
  }

  #freeName(): string {
    for (;;) {
      const name = randomTunnelName();
      if (!this.#names.has(name)) return name;
    }
  }

  /** Of the names that wait the one that has waited longest makes room. */
  #hasRoom(account: string): boolean {
    const own = [...(this.#namesOf.get(account) ?? [])];
    if (own.length < this.#options.maxNames) return true;
    const waiting = own.flatMap((name) => {
      const held = this.#names.get(name);
      return held !== undefined && held.session === null ? [{ name, held }] : [];
    });
    waiting.sort((one, other) => one.held.heldUntilMs - other.held.heldUntilMs);
    const [oldest] = waiting;
    if (oldest === undefined) return false;
    this.#delete(oldest.name, oldest.held);
    return true;
  }
}
