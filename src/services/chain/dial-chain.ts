// Opens one connection through the hops given: TCP to the first, and with each the handshake that leads to the next, over
// whatever stream the one before it has made. Rule: a hop hears its own credentials and the address of the next, nothing
// else; a name is handed on as it is; the result comes once, and never before the call has returned.
import { Buffer } from 'node:buffer';
import type { SluiceError } from '../../core/errors.ts';
import { parseIp } from '../../core/ip.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { type Dial, dial, type DialTimings } from '../../transport/dial.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { authMemoryOf } from './auth/auth-memory.ts';
import type { HopAuth } from './auth/hop-auth.ts';
import type { ChainTimings, Destination, Dialling } from './chain-link.ts';
import { Handshake, memberFault } from './handshake.ts';
import { describeFault, firstHopFailure, type Route } from './hop-failures.ts';
import type { HopFailure, HopFault } from './hop-fault.ts';
import { HttpHandshake } from './http-handshake.ts';
import type { ProxyEndpoint } from './proxy-endpoint.ts';
import { SocksHandshake } from './socks-handshake.ts';
import { secure, type TlsHandshake } from './tls-handshake.ts';
import type { WarmConnections } from './warm-connections.ts';

export interface ChainDialOptions {
  readonly dns: DnsCache;
  /** For reaching the first hop. */
  readonly connectTimeoutMs: number;
  /** For each hop that says nothing else: its TLS, and its answer, in which it reaches the next. */
  readonly handshakeTimeoutMs: number;
  /** For everything together. */
  readonly budgetMs: number;
  /** See ChainAsk. */
  readonly firstRequestTo?: Destination | undefined;
  /** Where connections to first hops may be waiting. */
  readonly warm?: WarmConnections | null | undefined;
}

export interface DialledChain {
  /** Paused, with no handler of its own yet. */
  readonly connection: Connection;
  readonly leftover: Buffer;
  readonly timings: ChainTimings;
  readonly auth: HopAuth | null;
}

export interface ChainDialHandler {
  onConnected(dialled: DialledChain): void;
  onFailed(failure: HopFailure): void;
}

const NO_TIMINGS: DialTimings = { dnsMs: 0, connectMs: 0, tlsMs: 0 };
const NOTHING = Buffer.alloc(0);

/** `destination: null` ends at the last hop itself, which then speaks HTTP. Without hops it is dialled directly. */
export function dialChain(
  endpoints: readonly ProxyEndpoint[],
  destination: Destination | null,
  options: ChainDialOptions,
  handler: ChainDialHandler,
): Dialling {
  const dialling = new ChainDialling({ endpoints, destination }, options, handler);
  dialling.start();
  return dialling;
}

class ChainDialling implements Dialling {
  readonly #route: Route;
  readonly #options: ChainDialOptions;
  readonly #handler: ChainDialHandler;
  readonly #phase = new Deadline(() => this.#expirePhase());
  readonly #hopBudget = new Deadline(() => this.#expireHopBudget());
  readonly #budget = new Deadline(() => this.#expireBudget());
  #dial: Dial | null = null;
  #connection: Connection | null = null;
  #handshake: Handshake | TlsHandshake | null = null;
  /** The hop that we are speaking with. */
  #index = 0;
  #auth: HopAuth | null = null;
  #redials = 0;
  /** The first hop's connection was waiting for us. */
  #isWarm = false;
  #timings = NO_TIMINGS;
  #throughAtMs = 0;
  #isOver = false;

  constructor(route: Route, options: ChainDialOptions, handler: ChainDialHandler) {
    this.#route = route;
    this.#options = options;
    this.#handler = handler;
  }

  cancel(): void {
    this.#finish();
    this.#connection?.destroy('done');
  }

  start(): void {
    wheel.arm(this.#budget, this.#options.budgetMs);
    this.#begin();
  }

  #begin(): void {
    const { endpoints, destination } = this.#route;
    const first = endpoints[0] ?? destination;
    if (first === null) throw new Error('a chain without hops needs a destination');
    this.#index = 0;
    this.#boundHop();
    if (!this.#takeWarm(endpoints[0])) this.#dialFirst(first, endpoints[0]?.tls ?? null);
  }

  /** Only at the first try: one that was waiting may be about to be closed. */
  #takeWarm(endpoint: ProxyEndpoint | undefined): boolean {
    const { warm } = this.#options;
    if (endpoint === undefined || warm === undefined || warm === null) return false;
    const connection = this.#redials === 0 ? warm.take(endpoint) : null;
    this.#isWarm = connection !== null;
    if (connection === null) return false;
    warm.refill(endpoint);
    this.#connection = connection;
    process.nextTick(() => {
      if (!this.#isOver) this.#reached(connection, NO_TIMINGS);
    });
    return true;
  }

  #dialFirst(first: Destination, tls: ProxyEndpoint['tls']): void {
    this.#dial = dial(
      { host: first.host, port: first.port },
      {
        dns: this.#options.dns,
        connectTimeoutMs: this.#options.connectTimeoutMs,
        tlsTimeoutMs: this.#handshakeTimeoutMs,
        ...(tls === null ? {} : { tls }),
      },
      {
        onConnected: (socket, timings) => {
          this.#dial = null;
          const [endpoint] = this.#route.endpoints;
          if (endpoint !== undefined) this.#options.warm?.refill(endpoint);
          this.#reached(new Connection(socket, NOBODY), timings);
        },
        onFailed: (error) => this.#failFirst(error),
      },
    );
  }

  /** The first hop, or without hops the destination. */
  #reached(connection: Connection, timings: DialTimings): void {
    this.#timings = timings;
    this.#throughAtMs = performance.now();
    this.#connection = connection;
    this.#speak(connection);
  }

  /** The connection leads to the hop at #index. */
  #speak(connection: Connection): void {
    const { endpoints, destination } = this.#route;
    const endpoint = endpoints[this.#index];
    const next = endpoints[this.#index + 1] ?? destination;
    this.#auth = endpoint === undefined ? null : (authMemoryOf(endpoint)?.begin() ?? null);
    if (endpoint === undefined) this.#succeed(connection, NOTHING);
    else if (next !== null) this.#ask(connection, endpoint, next);
    else this.#endAt(connection, endpoint);
  }

  /** No destination: the connection to the last hop is what was asked for. */
  #endAt(connection: Connection, endpoint: ProxyEndpoint): void {
    const first = this.#options.firstRequestTo;
    if (endpoint.protocol !== 'http' && endpoint.protocol !== 'https') {
      const fault = { ...memberFault('speaks no HTTP'), code: 'hop_unsupported', blame: 'configuration' } as const;
      this.#failAt(fault);
    } else if (this.#auth?.wantsRehearsal === true && first !== undefined && this.#redials === 0) {
      this.#shakeHands(this.#httpHandshake(connection, first, true));
    } else this.#succeed(connection, NOTHING);
  }

  #ask(connection: Connection, endpoint: ProxyEndpoint, next: Destination): void {
    const isHttp = endpoint.protocol === 'http' || endpoint.protocol === 'https';
    if (isHttp) this.#shakeHands(this.#httpHandshake(connection, next, false));
    else if ((endpoint.localDns || endpoint.protocol === 'socks4') && parseIp(next.host) === undefined) {
      this.#resolve(connection, endpoint, next);
    } else this.#shakeHands(new SocksHandshake({ connection, endpoint, target: next, events: this.#events() }));
  }

  #httpHandshake(connection: Connection, target: Destination, isRehearsal: boolean): HttpHandshake {
    return new HttpHandshake({ connection, target, isRehearsal, auth: this.#auth, events: this.#events() });
  }

  #resolve(connection: Connection, endpoint: ProxyEndpoint, next: Destination): void {
    const wanted = endpoint.protocol === 'socks4' ? 4 : 0;
    this.#options.dns.lookup(next.host, (error, addresses) => {
      if (this.#isOver) return;
      const found = addresses.find(({ family }) => wanted === 0 || family === wanted);
      if (error === null && found !== undefined) {
        const target = { host: found.address, port: next.port };
        this.#shakeHands(new SocksHandshake({ connection, endpoint, target, events: this.#events() }));
      } else this.#failAt(unresolvedFault(next.host));
    });
  }

  #events(): Handshake['events'] {
    return {
      onThrough: (leftover) => this.#through(leftover),
      onRefused: (fault) => this.#refused(fault),
      onRedial: (fault) => this.#redial(fault),
    };
  }

  #shakeHands(handshake: Handshake): void {
    this.#handshake = handshake;
    wheel.arm(this.#phase, this.#handshakeTimeoutMs);
    handshake.start();
  }

  /** The hop at #index has let us through. */
  #through(leftover: Buffer): void {
    const connection = this.#connection;
    if (connection === null || this.#isOver) return;
    this.#handshake = null;
    wheel.disarm(this.#phase);
    const next = this.#route.endpoints[this.#index + 1];
    if (next === undefined) {
      this.#succeed(connection, leftover);
      return;
    }
    this.#index += 1;
    this.#boundHop();
    if (leftover.length > 0) this.#failAt(memberFault('spoke before it was asked'));
    else if (next.tls === null) this.#speak(connection);
    else this.#secure(connection, next, next.tls);
  }

  #secure(connection: Connection, endpoint: ProxyEndpoint, tls: NonNullable<ProxyEndpoint['tls']>): void {
    wheel.arm(this.#phase, this.#handshakeTimeoutMs);
    this.#connection = null;
    this.#handshake = secure(connection, tls, endpoint, {
      onSecure: (inner) => {
        this.#handshake = null;
        this.#connection = inner;
        this.#speak(inner);
      },
      onFailed: (detail) =>
        this.#failAt({ ...memberFault(`failed in the TLS handshake: ${detail}`), code: 'hop_unreachable' }),
    });
  }

  /** Of the hop at #index. */
  get #handshakeTimeoutMs(): number {
    return this.#route.endpoints[this.#index]?.handshakeTimeoutMs ?? this.#options.handshakeTimeoutMs;
  }

  #refused(fault: HopFault): void {
    // It had waited too long.
    if (this.#isWarm && this.#index === 0 && fault.blame === 'member') {
      this.#redial(fault);
      return;
    }
    const endpoint = this.#route.endpoints[this.#index];
    const memory = endpoint === undefined ? null : authMemoryOf(endpoint);
    if (fault.blame !== 'auth' || memory?.wasAccepted !== true) {
      this.#failAt(fault);
      return;
    }
    // What was good before gets one fresh chance: the other side may have forgotten it, or been restarted.
    memory.wasAccepted = false;
    this.#redial(fault);
  }

  #redial(fault: HopFault): void {
    this.#redials += 1;
    if (this.#redials > this.#route.endpoints.length + 1) {
      this.#failAt(fault);
      return;
    }
    this.#handshake = null;
    this.#connection?.destroy('done');
    this.#connection = null;
    wheel.disarm(this.#phase);
    this.#begin();
  }

  /** A hop that was asked for what lies behind it may be waiting for that; any other silence is its own. */
  #expirePhase(): void {
    const fault = lateFault(`did not answer within ${this.#handshakeTimeoutMs / 1000} s`);
    this.#failAt(this.#isWaitingForNext ? { ...fault, about: 'next' } : { ...fault, blame: 'member' });
  }

  /** The hop at #index begins. */
  #boundHop(): void {
    const budgetMs = this.#route.endpoints[this.#index]?.budgetMs ?? null;
    if (budgetMs === null) wheel.disarm(this.#hopBudget);
    else wheel.arm(this.#hopBudget, budgetMs);
  }

  #expireHopBudget(): void {
    const seconds = (this.#route.endpoints[this.#index]?.budgetMs ?? 0) / 1000;
    const fault = lateFault(`was not through within the ${seconds} s that it may take`);
    this.#failAt(this.#isWaitingForNext ? { ...fault, about: 'next' } : { ...fault, blame: 'member' });
  }

  #expireBudget(): void {
    const fault = lateFault(
      `was not through when the ${this.#options.budgetMs / 1000} s for the whole chain were over`,
    );
    this.#failAt(this.#isWaitingForNext ? { ...fault, about: 'next' } : fault);
  }

  /** The hop at #index has been asked for what lies behind it, and it may be that which keeps it waiting. */
  get #isWaitingForNext(): boolean {
    return this.#handshake instanceof Handshake && this.#handshake.waitsForNext;
  }

  #failFirst(error: SluiceError): void {
    this.#finish();
    this.#handler.onFailed(firstHopFailure(this.#route, error));
  }

  #failAt(fault: HopFault): void {
    if (this.#isOver) return;
    this.cancel();
    this.#handler.onFailed(describeFault(this.#route, this.#index, fault));
  }

  #succeed(connection: Connection, leftover: Buffer): void {
    if (this.#isOver) return;
    this.#finish();
    const isAtHop = this.#route.destination === null;
    const timings = { ...this.#timings, hopsMs: performance.now() - this.#throughAtMs };
    this.#handler.onConnected({ connection, leftover, timings, auth: isAtHop ? this.#auth : null });
  }

  #finish(): void {
    this.#isOver = true;
    wheel.release(this.#phase);
    wheel.release(this.#hopBudget);
    wheel.release(this.#budget);
    this.#dial?.cancel();
    this.#dial = null;
    this.#handshake?.cancel();
    this.#handshake = null;
  }
}

/** Whose fault it is depends on whether another hop in its place does better. */
function lateFault(detail: string): HopFault {
  return { about: 'hop', code: 'hop_timeout', blame: 'ambiguous', detail, status: 504, retryAfterMs: null };
}

function unresolvedFault(host: string): HopFault {
  const detail = `needs an address of its kind, and ${host} has none`;
  return { about: 'next', code: 'upstream_dns_failed', blame: 'none', detail, status: 0, retryAfterMs: null };
}
