// Which port belongs to whose TCP tunnel. Rule: a port has one owner; it is held for its account when the client has gone, over restarts
// too, and nobody else gets it meanwhile.
import { randomInt } from 'node:crypto';
import type { TunnelPortRow, TunnelPorts } from '../../state/tunnel-ports.ts';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface PortLeasesOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Somebody has it on another node. */
  isElsewhere?(port: number): boolean;
  /** It waits for nobody any more. */
  dropped?(port: number): void;
}

export interface Lease<T> {
  readonly port: number;
  readonly account: string;
  /** null: its client is away. */
  readonly holder: T | null;
  readonly sinceMs: number;
}

interface Held<T> {
  readonly account: string;
  holder: T | null;
  sinceMs: number;
  /** While nobody has it; 0 while somebody does. */
  heldUntilMs: number;
}

export type PortRefusal = { readonly refused: string; readonly why: string };
/** Ports to try in this order: some other program may listen there. */
export type PortChoice = { readonly ports: readonly number[] } | PortRefusal;

/** Where leases outlive the process. */
export type PortBook = Pick<TunnelPorts, 'ports' | 'keepPort' | 'dropPort'>;

const DAY_MS = 86_400_000;
/** So many free ones are tried before the range is taken for full. */
const MOST_TRIES = 32;

export class PortLeases<T> {
  readonly #options: PortLeasesOptions;
  readonly #held = new Map<number, Held<T>>();
  #range: PortRange = { from: 0, to: -1 };
  #maxPorts = 0;
  #holdMs = DAY_MS;
  #book: PortBook | null = null;

  constructor(options: PortLeasesOptions) {
    this.#options = options;
  }

  /** `holdMs`: how long a port is kept for its account. */
  configure(range: PortRange, maxPorts: number, holdMs: number): void {
    this.#holdMs = holdMs;
    this.#range = range;
    this.#maxPorts = maxPorts;
  }

  /** null: it is closed. What was connected when the process ended waits for its client from now on. */
  keepIn(book: PortBook | null): void {
    this.#book = book;
    for (const { port, account, heldUntilMs } of book?.ports() ?? []) {
      if (this.#held.has(port)) continue;
      const until = heldUntilMs ?? this.#holdUntil();
      this.#held.set(port, { account, holder: null, sinceMs: this.#options.now(), heldUntilMs: until });
    }
  }

  isInRange(port: number): boolean {
    return port >= this.#range.from && port <= this.#range.to;
  }

  /** null: any port will do; then the one that the account had last comes first. */
  choose(wanted: number | null, account: string): PortChoice {
    this.#sweep();
    if (wanted !== null) return this.#judge(wanted, account);
    const own = [...this.#held].filter(([port, held]) => {
      return held.account === account && held.holder === null && this.isInRange(port);
    });
    own.sort(([, one], [, other]) => other.heldUntilMs - one.heldUntilMs);
    const ports = [...own.map(([port]) => port), ...(this.#hasRoom(account) ? this.#freePorts() : [])];
    if (ports.length > 0) return { ports };
    return this.#hasRoom(account) ? { refused: 'POOL_EXHAUSTED', why: 'every port is taken' } : this.#tooMany();
  }

  #judge(port: number, account: string): PortChoice {
    const refused = 'SUBDOMAIN_UNAVAILABLE';
    const { from, to } = this.#range;
    if (!this.isInRange(port)) return { refused, why: `port ${port} is none of this server's: ${from} to ${to} are` };
    const held = this.#held.get(port);
    if (held === undefined) return this.#hasRoom(account) ? { ports: [port] } : this.#tooMany();
    return held.account === account ? { ports: [port] } : { refused, why: `port ${port} belongs to another account` };
  }

  #tooMany(): PortRefusal {
    return { refused: 'POOL_EXHAUSTED', why: `this account has ${this.#maxPorts} ports already` };
  }

  /** Whose it was until now; null: nobody's. */
  take(port: number, account: string, holder: T): T | null {
    const before = this.#held.get(port) ?? null;
    if (before === null) this.#makeRoom(account);
    this.#held.set(port, { account, holder, sinceMs: this.#options.now(), heldUntilMs: 0 });
    this.#book?.keepPort({ port, account, heldUntilMs: null });
    return before?.holder ?? null;
  }

  /** On another node it waits for its account from now on; null: it does not any more. */
  heard(port: number, row: TunnelPortRow | null): void {
    const held = this.#held.get(port);
    if (held !== undefined && held.holder !== null) return;
    if (row === null) this.#held.delete(port);
    else if (row.heldUntilMs !== null) {
      const { account, heldUntilMs } = row;
      this.#held.set(port, { account, holder: null, sinceMs: held?.sinceMs ?? this.#options.now(), heldUntilMs });
    }
  }

  /** null: nobody's, or its client is away. */
  holder(port: number): T | null {
    return this.#held.get(port)?.holder ?? null;
  }

  /** Its client has gone: the port waits for it. */
  leave(port: number, holder: T): void {
    const held = this.#held.get(port);
    if (held?.holder !== holder) return;
    held.holder = null;
    held.sinceMs = this.#options.now();
    held.heldUntilMs = this.#holdUntil();
    this.#book?.keepPort({ port, account: held.account, heldUntilMs: held.heldUntilMs });
  }

  /** It is nobody's any more; null: it was nobody's. */
  drop(port: number): Lease<T> | null {
    const held = this.#held.get(port);
    if (held === undefined) return null;
    this.#held.delete(port);
    this.#book?.dropPort(port);
    return { port, ...held };
  }

  entries(): Lease<T>[] {
    this.#sweep();
    return [...this.#held].map(([port, { account, holder, sinceMs }]) => ({ port, account, holder, sinceMs }));
  }

  #holdUntil(): number {
    return this.#options.now() + this.#holdMs;
  }

  #sweep(): void {
    const now = this.#options.now();
    for (const [port, { holder, heldUntilMs }] of this.#held) {
      if (holder === null && heldUntilMs <= now) this.drop(port);
    }
  }

  #freePorts(): number[] {
    const { from, to } = this.#range;
    const count = to - from + 1;
    const first = randomInt(count);
    const ports: number[] = [];
    for (let step = 0; step < count && ports.length < MOST_TRIES; step++) {
      const port = from + ((first + step) % count);
      if (!this.#held.has(port) && this.#options.isElsewhere?.(port) !== true) ports.push(port);
    }
    return ports;
  }

  #ownOf(account: string): [number, Held<T>][] {
    return [...this.#held].filter(([, held]) => held.account === account);
  }

  #hasRoom(account: string): boolean {
    const own = this.#ownOf(account);
    return own.length < this.#maxPorts || own.some(([, { holder }]) => holder === null);
  }

  /** Of the ports that wait the one that has waited longest goes. */
  #makeRoom(account: string): void {
    const own = this.#ownOf(account);
    if (own.length < this.#maxPorts) return;
    const waiting = own.filter(([, { holder }]) => holder === null);
    waiting.sort(([, one], [, other]) => one.heldUntilMs - other.heldUntilMs);
    const [oldest] = waiting;
    if (oldest === undefined) return;
    this.drop(oldest[0]);
    this.#options.dropped?.(oldest[0]);
  }
}
