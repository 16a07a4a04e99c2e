// Which name leads to whose client. Rule: a name has one owner; it is held for its account when the client has gone, and an older
// session of the same account gives way at once.
import type { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import type { TunnelLimits } from './account-meter.ts';
import { OF_CONFIGURATION } from './tunnel-accounts.ts';
import type { TunnelLink } from './tunnel-link.ts';
import { hasBrand, isTunnelName, namePatterns, randomTunnelName } from './tunnel-names.ts';

export interface TunnelEntry {
  readonly name: string;
  readonly account: string;
  readonly session: TunnelLink | null;
  readonly sinceMs: number;
  readonly use: NameUse;
}

interface Held {
  readonly account: string;
  readonly use: NameUse;
  session: TunnelLink | null;
  sinceMs: number;
  /** While nobody has it; 0 while somebody does. */
  heldUntilMs: number;
}

export type FoundTunnel =
  | { readonly kind: 'online'; readonly session: TunnelLink }
  | { readonly kind: 'offline' }
  | { readonly kind: 'unknown' };

export type Claim =
  | { readonly name: string; /** Its client has come back. */ readonly again: boolean }
  | { readonly refused: string; readonly why: string };

/** Where names outlive the process. */
export type NameBook = Pick<TunnelAccountFile, 'names' | 'keepName' | 'dropName'>;

export interface TunnelRegistryOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How many names an account may have at once, and how many clients with names. */
  limitsOf(account: string): Pick<TunnelLimits, 'tunnels' | 'clients'>;
  /** Why an account may not have a hostname; null: it is its own. */
  refuseHostname?(hostname: string, account: string): Claim | null;
}

export interface NameRules {
  /** How long a name is kept for its account. */
  readonly holdMs: number;
  /** Names that nobody may have, beside those that never may be had; `*` stands for anything. */
  readonly reserved: readonly string[];
}

/** What went through one name, whoever its clients were. */
export interface NameUse {
  streams: number;
  bytesIn: number;
  bytesOut: number;
  /** How often a client has come back to it. */
  reconnects: number;
}

/** Names whose time is over are looked for so often. */
const SWEEP_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

const OFFLINE: FoundTunnel = { kind: 'offline' };
const UNKNOWN: FoundTunnel = { kind: 'unknown' };

export class TunnelRegistry {
  readonly #options: TunnelRegistryOptions;
  /** A map: names come from outside, and an object has names of its own. */
  readonly #names = new Map<string, Held>();
  readonly #namesOf = new Map<string, Set<string>>();
  #rules: NameRules = { holdMs: DAY_MS, reserved: [] };
  #isReserved: (name: string) => boolean = () => false;
  #online = 0;
  #sweptAtMs = 0;
  #book: NameBook | null = null;

  constructor(options: TunnelRegistryOptions) {
    this.#options = options;
  }

  /** Names that are held already stay so for as long as they were promised. */
  configure(rules: NameRules): void {
    this.#rules = rules;
    this.#isReserved = namePatterns(rules.reserved);
  }

  /** How many names have a client now. */
  get online(): number {
    return this.#online;
  }

  /** null: it is closed. What was connected when the process ended waits for its client from now on. */
  keepIn(book: NameBook | null): void {
    this.#book = book;
    for (const { name, account, heldUntilMs } of book?.names() ?? []) {
      if (this.#names.has(name)) continue;
      this.#put(name, {
        account,
        use: noUse(),
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
    const refusal = this.#refusalOf(name, account) ?? this.#tooManyClients(name, account, session);
    return refusal ?? this.#give(name, account, session);
  }

  /** A hostname of its own, in its one spelling. */
  claimHostname(hostname: string, account: string, session: TunnelLink): Claim {
    const refusal =
      this.#options.refuseHostname?.(hostname, account) ??
      this.#noRoom(hostname, account) ??
      this.#tooManyClients(hostname, account, session);
    return refusal ?? this.#give(hostname, account, session);
  }

  #give(name: string, account: string, session: TunnelLink): Claim {
    const known = this.#names.get(name);
    const again = known !== undefined && known.account === account;
    const use = again ? known.use : noUse();
    if (known !== undefined) this.#delete(name, known);
    this.#put(name, { account, use, session, sinceMs: this.#options.now(), heldUntilMs: 0 });
    this.#online += 1;
    this.#book?.keepName({ name, account, heldUntilMs: null });
    session.names.add(name);
    if (again) use.reconnects += 1;
    const before = known?.session ?? null;
    if (before !== null && before !== session) before.replaced(name);
    return { name, again };
  }

  /** Of a name that somebody has. */
  useOf(name: string): NameUse | null {
    return this.#names.get(name)?.use ?? null;
  }

  /** The one that it takes the place of does not count: it may be one that has broken off. */
  #tooManyClients(name: string, account: string, session: TunnelLink): Claim | null {
    if (session.names.size > 0) return null;
    const clients = new Set<TunnelLink>();
    for (const own of this.#namesOf.get(account) ?? []) {
      const other = own === name ? null : (this.#names.get(own)?.session ?? null);
      if (other !== null && other !== session) clients.add(other);
    }
    const most = this.#options.limitsOf(account).clients;
    if (clients.size < most) return null;
    return { refused: 'POOL_EXHAUSTED', why: `this account has ${most} clients already` };
  }

  #put(name: string, held: Held): void {
    this.#names.set(name, held);
    const own = this.#namesOf.get(held.account);
    if (own === undefined) this.#namesOf.set(held.account, new Set([name]));
    else own.add(name);
  }

  #holdUntil(): number {
    return this.#options.now() + this.#rules.holdMs;
  }

  #refusalOf(name: string, account: string): Claim | null {
    const isBad = !isTunnelName(name) || this.#isReserved(name);
    if (isBad || (!account.startsWith(OF_CONFIGURATION) && hasBrand(name))) {
      const why = 'a name has 3 to 63 letters, digits and "-", and may not be reserved';
      return { refused: 'SUBDOMAIN_UNAVAILABLE', why };
    }
    const held = this.#names.get(name);
    return held === undefined || !this.#isHeld(held) || held.account === account
      ? this.#noRoom(name, account)
      : { refused: 'SUBDOMAIN_UNAVAILABLE', why: `${name} belongs to another account` };
  }

  #noRoom(name: string, account: string): Claim | null {
    const held = this.#names.get(name);
    if (held?.account === account && this.#isHeld(held)) return null;
    const most = this.#options.limitsOf(account).tunnels;
    const why = `this account has ${most} names already`;
    return this.#hasRoom(account, most) ? null : { refused: 'POOL_EXHAUSTED', why };
  }

  /** Its client has gone: the names wait for it. */
  release(session: TunnelLink): void {
    for (const name of session.names) {
      const held = this.#names.get(name);
      if (held?.session !== session) continue;
      this.#online -= 1;
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

  /** Everything that an account has is nobody's any more. */
  forgetAll(account: string): void {
    for (const name of this.#namesOf.get(account) ?? []) this.forget(name);
  }

  namesOf(account: string): string[] {
    return [...(this.#namesOf.get(account) ?? [])];
  }

  entries(): TunnelEntry[] {
    this.#sweep();
    return [...this.#names].map(([name, { account, use, session, sinceMs }]) => {
      return { name, account, use, session, sinceMs };
    });
  }

  #isHeld({ session, heldUntilMs }: Held): boolean {
    return session !== null || heldUntilMs > this.#options.now();
  }

  #sweep(): void {
    this.#sweptAtMs = this.#options.now();
    for (const [name, held] of this.#names) if (!this.#isHeld(held)) this.#delete(name, held);
  }

  #delete(name: string, { account, session }: Held): void {
    this.#names.delete(name);
    if (session !== null) this.#online -= 1;
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
  #hasRoom(account: string, most: number): boolean {
    const own = [...(this.#namesOf.get(account) ?? [])];
    if (own.length < most) return true;
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

function noUse(): NameUse {
  return { streams: 0, bytesIn: 0, bytesOut: 0, reconnects: 0 };
}
