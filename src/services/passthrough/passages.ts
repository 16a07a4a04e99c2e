// Connections that go through as they are, TLS and all, to where somebody else ends it. Rule: whoever may not come, or cannot be taken
// there, is cut; nothing else is ever said to them, for nothing but TLS would be understood.
import type { Buffer } from 'node:buffer';
import type net from 'node:net';
import { formatProxyHeaderV1, formatProxyHeaderV2, type ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import type { SluiceError } from '../../core/errors.ts';
import { Connection, type ConnectionHandler, endsOf, NOBODY } from '../../transport/connection.ts';
import { type Dial, dial } from '../../transport/dial.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { type Relay, relay } from '../../transport/relay.ts';
import type { PassPlace, PassRoute } from './pass-routes.ts';

export type PassOutcome = 'passed' | 'not_allowed' | 'unreachable';

/** Says why somewhere must not be connected to; null: it may. */
export interface PassGuard {
  /** A name, or an address. */
  refusalOf(host: string, port: number): SluiceError | null;
  refusalOfPath(path: string): SluiceError | null;
}

export interface PassagesSettings {
  readonly dns: DnsCache;
  readonly connectMs: number;
  readonly idleMs: number;
  /** Where tunnels are. */
  readonly tunnelSocket: string;
  readonly guard?: PassGuard | null;
}

export interface PassagesEvents {
  noted(outcome: PassOutcome): void;
  /** So many are under way. */
  changed(open: number): void;
}

interface Arrival {
  readonly socket: net.Socket;
  /** What was read of it. */
  readonly first: Buffer;
  readonly ends: ProxiedEnds | null;
}

export class Passages {
  readonly #events: PassagesEvents;
  readonly #open = new Set<Passage>();
  #settings: PassagesSettings;
  #idle: (() => void) | null = null;

  constructor(settings: PassagesSettings, events: PassagesEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  configure(settings: PassagesSettings): void {
    this.#settings = settings;
  }

  /** `ends`: who both sides are; null: what the socket says. */
  begin(route: PassRoute, socket: net.Socket, first: Buffer, named: ProxiedEnds | null): void {
    const ends = named ?? endsOf(socket);
    if (route.allow !== null && !route.allow.has(ends?.sourceAddress ?? '')) {
      this.#events.noted('not_allowed');
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const passage = new Passage(
      { socket, first, ends },
      {
        ended: () => {
          this.#open.delete(passage);
          this.#events.changed(this.#open.size);
          if (this.#open.size === 0) this.#idle?.();
        },
        noted: (outcome) => this.#events.noted(outcome),
      },
    );
    this.#open.add(passage);
    this.#events.changed(this.#open.size);
    passage.start(route, this.#settings);
  }

  /** Resolves when none is under way. */
  untilEmpty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#idle = resolve));
  }

  close(): void {
    for (const passage of this.#open) passage.cut();
  }
}

interface PassageOwner {
  ended(): void;
  noted(outcome: PassOutcome): void;
}

/** One of them. Until the other side is reached the visitor's connection is its own. */
class Passage implements ConnectionHandler {
  readonly #owner: PassageOwner;
  readonly #arrival: Arrival;
  readonly #downstream: Connection;
  #dial: Dial | null = null;
  #relay: Relay | null = null;
  #hasEnded = false;

  constructor(arrival: Arrival, owner: PassageOwner) {
    this.#arrival = arrival;
    this.#owner = owner;
    this.#downstream = new Connection(arrival.socket, this);
  }

  start({ to, proxyProtocol }: PassRoute, settings: PassagesSettings): void {
    const { dns, connectMs, idleMs, tunnelSocket, guard = null } = settings;
    const { ends, first } = this.#arrival;
    if (guard !== null && refusalOf(guard, to) !== null) {
      this.#owner.noted('not_allowed');
      this.cut();
      return;
    }
    // The tunnels are told who comes in any case.
    const version = to.kind === 'tunnel' ? 'v2' : proxyProtocol;
    const head = version === 'v1' ? formatProxyHeaderV1(ends) : formatProxyHeaderV2(ends);
    this.#dial = dial(
      placeOf(to, tunnelSocket),
      {
        dns,
        connectTimeoutMs: connectMs,
        ...(version === 'none' ? {} : { proxyHeader: head }),
        ...(guard === null || to.kind === 'tunnel'
          ? {}
          : { refusalOf: (address: string) => guard.refusalOf(address, to.port) }),
      },
      {
        onConnected: (socket) => {
          this.#owner.noted('passed');
          const upstream = new Connection(socket, NOBODY);
          this.#relay = relay(this.#downstream, upstream, {
            idleTimeoutMs: idleMs,
            firstFromDownstream: first,
            onDone: () => this.#owner.ended(),
          });
        },
        onFailed: () => {
          this.#owner.noted('unreachable');
          this.cut();
        },
      },
    );
  }

  cut(): void {
    if (this.#relay === null) this.#downstream.reset('refused');
    else this.#relay.stop('drain');
  }

  onData(): void {}

  onHalfClose(): void {}

  onDrain(): void {}

  /** Before the other side was reached. */
  onClose(): void {
    this.#dial?.cancel();
    if (!this.#hasEnded) this.#owner.ended();
    this.#hasEnded = true;
  }
}

function refusalOf(guard: PassGuard, to: PassPlace): SluiceError | null {
  if (to.kind === 'tunnel') return null;
  return to.path === null ? guard.refusalOf(to.host, to.port) : guard.refusalOfPath(to.path);
}

function placeOf(to: PassPlace, tunnelSocket: string): { host: string; port: number; path?: string } {
  if (to.kind === 'tunnel') return { host: 'tunnel', port: 0, path: tunnelSocket };
  const { host, port, path } = to;
  return path === null ? { host, port } : { host, port, path };
}
