// Which name leads to whose client. Rule: a name has one owner; it is held for its account when the client has gone, and an older
// session of the same account gives way at once.
import type { TunnelAccountFile } from '../../state/tunnel-accounts.ts';
import type { StrategyName } from '../balance/group-rules.ts';
import { MemberTable } from '../balance/member-table.ts';
import type { TunnelLimits } from './account-meter.ts';
import { OF_CONFIGURATION } from './tunnel-accounts.ts';
import type { TunnelLink } from './tunnel-link.ts';
import { TunnelGroup } from './tunnel-group.ts';
import { hasBrand, isTunnelName, namePatterns, randomTunnelName } from './tunnel-names.ts';

export interface TunnelEntry {
  readonly name: string;
  readonly account: string;
  readonly session: TunnelLink | null;
  /** How many have it. */
  readonly clients: number;
  readonly sinceMs: number;
  readonly use: NameUse;
}

interface Held {
  readonly account: string;
  readonly use: NameUse;
  /** The newest of its clients. */
  session: TunnelLink | null;
  /** Where its clients have asked to share it. */
  readonly group: TunnelGroup | null;
  sinceMs: number;
  /** While nobody has it; 0 while somebody does. */
  heldUntilMs: number;
}

/** Who wants a name, and whether others of its account may have it as well. */
export interface Claimant {
  readonly session: TunnelLink;
  readonly shares: boolean;
}

export type FoundTunnel =
  | { readonly kind: 'online'; readonly session: TunnelLink; readonly group: TunnelGroup | null }
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
  /** Whose a name is from now on; null: nobody's. */
  named?(name: string, account: string | null): void;
  /** A client has the name from now on; the first of those who share it here, so many of whom are fit. */
  taken?(name: string, account: string, sharedBy: number | null): void;
  /** Of those who share a name so many are fit now. */
  shared?(name: string, clients: number): void;
  /** Its client has gone; it waits so long for its account. */
  left?(name: string, holdMs: number): void;
  /** It waits for nobody any more. */
  dropped?(name: string): void;
  /** Why an account may not have a hostname; null: it is its own. */
  refuseHostname?(hostname: string, account: string): Claim | null;
}

export interface NameRules {
  /** How long a name is kept for its account. */
  readonly holdMs: number;
  /** Names that nobody may have, beside those that never may be had; `*` stands for anything. */
  readonly reserved: readonly string[];
  /** Which client of a group a visitor comes to; groups that are there already keep theirs. */
  readonly groupStrategy?: StrategyName;
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
  /** Clients of the program whose place this one takes come here until then. */
  #expectedUntilMs = 0;
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Of groups, as soon as there is one. */
  #members: MemberTable | null = null;

  constructor(options: TunnelRegistryOptions) {
    this.#options = options;
  }

  /** Names that are held already stay so for as long as they were promised. */
  configure(rules: NameRules): void {
    this.#rules = rules;
    this.#isReserved = namePatterns(rules.reserved);
  }

  /** A visitor of a shared name comes to the same client each time. */
  get isSticky(): boolean {
    return this.#rules.groupStrategy === 'sticky_hash';
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
        group: null,
        sinceMs: this.#options.now(),
        heldUntilMs: heldUntilMs ?? this.#holdUntil(),
      });
    }
  }

  /** The clients of names that wait are on their way here. */
  expectClients(forMs: number): void {
    this.#expectedUntilMs = this.#options.now() + forMs;
    setTimeout(() => this.#wakeAll(), forMs).unref();
  }

  isExpected(name: string): boolean {
    return this.#expectedUntilMs > this.#options.now() && this.find(name) === OFFLINE;
  }

  /** Called once, when its client has come or is expected no more. Returns how to be told no more. */
  whenOnline(name: string, then: () => void): () => void {
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(then));
    return () => waiting.delete(then);
  }

  #wake(name: string): void {
    const waiting = this.#waiting.get(name) ?? [];
    this.#waiting.delete(name);
    for (const then of waiting) then();
  }

  #wakeAll(): void {
    this.#expectedUntilMs = 0;
    for (const name of this.#waiting.keys()) this.#wake(name);
  }

  isOnline(name: string): boolean {
    const held = this.#names.get(name);
    return held !== undefined && held.session !== null;
  }

  find(name: string): FoundTunnel {
    const held = this.#names.get(name);
    if (held === undefined) return UNKNOWN;
    if (held.session !== null) return { kind: 'online', session: held.session, group: held.group };
    return this.#isHeld(held) ? OFFLINE : UNKNOWN;
  }

  /** null: any name will do. */
  claim(wanted: string | null, account: string, claimant: Claimant): Claim {
    if (this.#options.now() - this.#sweptAtMs > SWEEP_EVERY_MS) this.#sweep();
    const name = wanted?.toLowerCase() ?? this.#freeName();
    const refusal = this.#refusalOf(name, account) ?? this.#tooManyClients(name, account, claimant);
    return refusal ?? this.#give(name, account, claimant);
  }

  /** A hostname of its own, in its one spelling. */
  claimHostname(hostname: string, account: string, claimant: Claimant): Claim {
    const refusal =
      this.#options.refuseHostname?.(hostname, account) ??
      this.#noRoom(hostname, account) ??
      this.#tooManyClients(hostname, account, claimant);
    return refusal ?? this.#give(hostname, account, claimant);
  }

  #give(name: string, account: string, { session, shares }: Claimant): Claim {
    const known = this.#names.get(name);
    const again = known !== undefined && known.account === account;
    if (again && shares && known.group !== null && known.session !== null) return this.#join(name, known, session);
    const use = again ? known.use : noUse();
    const before = known === undefined ? [] : linksOf(known);
    if (known !== undefined) this.#delete(name, known);
    const group = shares ? this.#newGroup(name, session) : null;
    this.#put(name, { account, use, session, group, sinceMs: this.#options.now(), heldUntilMs: 0 });
    this.#online += 1;
    session.names.add(name);
    this.#tellTaken(name, account, group);
    if (again) use.reconnects += 1;
    for (const link of before) if (link !== session) link.replaced(name);
    if (this.#waiting.size > 0) setImmediate(() => this.#wake(name));
    return { name, again };
  }

  #tellTaken(name: string, account: string, group: TunnelGroup | null): void {
    this.#book?.keepName({ name, account, heldUntilMs: null });
    this.#options.taken?.(name, account, group === null ? null : group.fit);
  }

  #join(name: string, known: Held, session: TunnelLink): Claim {
    known.group?.add(session);
    this.#tellShared(name, known);
    known.session = session;
    session.names.add(name);
    return { name, again: false };
  }

  #newGroup(name: string, session: TunnelLink): TunnelGroup {
    this.#members ??= new MemberTable();
    const group = new TunnelGroup({ name, table: this.#members, strategy: this.#rules.groupStrategy ?? 'round_robin' });
    group.add(session);
    return group;
  }

  /** Of a name that somebody has. */
  useOf(name: string): NameUse | null {
    return this.#names.get(name)?.use ?? null;
  }

  /** What a client says of the local server behind a name: it counts where others have the name as well. */
  setHealth(name: string, session: TunnelLink, isHealthy: boolean): void {
    const held = this.#names.get(name);
    if (held === undefined || held.group === null) return;
    held.group.setHealth(session, isHealthy);
    this.#tellShared(name, held);
  }

  #tellShared(name: string, { group }: Held): void {
    if (group !== null) this.#options.shared?.(name, group.fit);
  }

  /** Those who share a name here; null: nobody does. */
  groupOf(name: string): TunnelGroup | null {
    const held = this.#names.get(name);
    return held === undefined || held.session === null ? null : held.group;
  }

  /** The one that it takes the place of does not count: it may be one that has broken off. */
  #tooManyClients(name: string, account: string, { session, shares }: Claimant): Claim | null {
    if (session.names.size > 0) return null;
    const clients = new Set<TunnelLink>();
    for (const own of this.#namesOf.get(account) ?? []) {
      const held = this.#names.get(own);
      if (held === undefined || (own === name && !(shares && held.group !== null))) continue;
      for (const link of linksOf(held)) if (link !== session) clients.add(link);
    }
    const most = this.#options.limitsOf(account).clients;
    if (clients.size < most) return null;
    return { refused: 'POOL_EXHAUSTED', why: `this account has ${most} clients already` };
  }

  #put(name: string, held: Held): void {
    this.#names.set(name, held);
    this.#options.named?.(name, held.account);
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
      if (held === undefined) continue;
      held.group?.remove(session);
      if (held.session === session) held.session = held.group?.links().at(-1) ?? null;
      else if (held.session === null) continue;
      if (held.session !== null) {
        this.#tellShared(name, held);
        continue;
      }
      this.#online -= 1;
      held.session = null;
      held.sinceMs = this.#options.now();
      held.heldUntilMs = this.#holdUntil();
      this.#options.left?.(name, this.#rules.holdMs);
      this.#book?.keepName({ name, account: held.account, heldUntilMs: held.heldUntilMs });
    }
  }

  /** Nobody has it any more; false: nobody had. */
  forget(name: string): boolean {
    const held = this.#names.get(name);
    if (held === undefined) return false;
    this.#delete(name, held);
    this.#options.dropped?.(name);
    for (const link of linksOf(held)) link.removed(name);
    return true;
  }

  /** Another node has it: for a client of the same account, for another account, or since its client has yet to be told that it is not its own. */
  giveWay(name: string, why: 'replaced' | 'removed' | 'refused'): void {
    const held = this.#names.get(name);
    if (held === undefined) return;
    this.#delete(name, held);
    for (const link of linksOf(held)) {
      if (why === 'refused') link.names.delete(name);
      else link[why](name);
    }
  }

  /** How long names wait for their accounts. */
  get holdMs(): number {
    return this.#rules.holdMs;
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
    return [...this.#names].map(([name, held]) => {
      const { account, use, session, sinceMs } = held;
      return { name, account, use, session, clients: linksOf(held).length, sinceMs };
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
    this.#options.named?.(name, null);
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
    this.#options.dropped?.(oldest.name);
    return true;
  }
}

function linksOf({ session, group }: Held): TunnelLink[] {
  if (group !== null && group.size > 0) return group.links();
  return session === null ? [] : [session];
}

function noUse(): NameUse {
  return { streams: 0, bytesIn: 0, bytesOut: 0, reconnects: 0 };
}
