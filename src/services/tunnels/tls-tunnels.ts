// Visitors of tunnels of TLS: by the name that they ask for they go to the client of the tunnel as they are. Rule: nobody here can read
// what they say; whoever asks for what there is not is cut.
import { Buffer } from 'node:buffer';
import type net from 'node:net';
import { formatProxyHeaderV1, formatProxyHeaderV2, type ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import type { PassRoutes } from '../passthrough/pass-routes.ts';
import type { VisitAnswer } from './node-link.ts';
import type { VisitorEnd } from './link-stream.ts';
import type { Visit } from './node-visits.ts';
import { isUsedUp, type TcpWishParts } from './tcp-tunnels.ts';
import type { TcpProxyVersion, TcpVerdict } from './tcp-tunnel.ts';
import { TcpVisitor, type TcpVisitorHost } from './tcp-visitor.ts';
import type { TunnelLink } from './tunnel-link.ts';
import type { TunnelRegistry } from './tunnel-registry.ts';

export interface TlsTunnelsSettings {
  readonly routes: PassRoutes;
  readonly proxyProtocol: TcpProxyVersion;
  /** Of one tunnel at once. */
  readonly connections: number;
  readonly idleMs: number;
}

export interface TlsTunnelsEvents {
  noted(verdict: TcpVerdict): void;
  counted(direction: 'in' | 'out', bytes: number): void;
  /** Takes somebody to the node of their tunnel. False: there is no other node. */
  passOn?(socket: net.Socket, visit: Visit): boolean;
}

export interface TlsVisit {
  readonly serverName: string | null;
  /** What was read already. */
  readonly first: Buffer;
  readonly ends: ProxiedEnds | null;
}

/** What is to be told in front, and who comes. */
interface Arrival {
  readonly first: Buffer | null;
  readonly ends: ProxiedEnds | null;
}

interface Goal {
  readonly name: string;
  readonly session: TunnelLink;
  readonly wish: TcpWishParts;
  readonly settings: TlsTunnelsSettings;
}

export class TlsTunnels {
  readonly #registry: TunnelRegistry;
  readonly #events: TlsTunnelsEvents;
  readonly #visitorsOf = new Map<string, Set<TcpVisitor>>();
  #settings: TlsTunnelsSettings | null = null;

  constructor(registry: TunnelRegistry, events: TlsTunnelsEvents) {
    this.#registry = registry;
    this.#events = events;
  }

  configure(settings: TlsTunnelsSettings | null): void {
    this.#settings = settings;
  }

  take(socket: net.Socket, visit: TlsVisit): void {
    const verdict = this.#begin(socket, visit);
    if (verdict === 'passed on') return;
    this.#events.noted(verdict);
    if (verdict === 'accepted') return;
    socket.on('error', () => {});
    socket.destroy();
  }

  /** Somebody who has come in at another node; whoever is not taken is still there, or has been cut. */
  bring(name: string, connection: VisitorEnd, ends: ProxiedEnds | null): VisitAnswer {
    const goal = this.#goalOf(name);
    if (goal === null) return 'missed';
    const verdict = this.#lead(connection, { first: null, ends }, goal);
    this.#events.noted(verdict);
    return verdict === 'accepted' ? 'taken' : 'refused';
  }

  #begin(socket: net.Socket, { serverName, first, ends }: TlsVisit): TcpVerdict | 'passed on' {
    const to = this.#settings?.routes.find(serverName ?? '')?.to;
    if (to?.kind !== 'tunnel') return 'busy';
    const goal = this.#goalOf(to.name);
    if (goal !== null) return this.#lead(new Connection(socket, NOBODY), { first, ends }, goal);
    const isHere = this.#registry.isOnline(to.name);
    const isPassedOn = !isHere && this.#events.passOn?.(socket, { name: to.name, ends, first }) === true;
    return isPassedOn ? 'passed on' : 'busy';
  }

  /** null: its client is not here, or it is none of TLS. */
  #goalOf(name: string): Goal | null {
    const settings = this.#settings;
    const found = this.#registry.find(name);
    const wish = found.kind === 'online' ? found.session.tlsTunnels?.get(name) : undefined;
    if (settings === null || found.kind !== 'online' || wish === undefined) return null;
    return { name, session: found.session, wish, settings };
  }

  #lead(connection: VisitorEnd, { first, ends }: Arrival, { name, session, wish, settings }: Goal): TcpVerdict {
    const address = ends?.sourceAddress ?? '';
    if (wish.allow !== null && !wish.allow.has(address)) return 'not_allowed';
    const visitors = this.#visitorsOf.get(name) ?? new Set();
    if (visitors.size >= settings.connections || isUsedUp(session)) return 'limit';
    const visitor = new TcpVisitor(connection, address, this.#hostOf(name, visitors));
    visitors.add(visitor);
    this.#visitorsOf.set(name, visitors);
    const head = headOf(wish.proxyProtocol ?? settings.proxyProtocol, ends);
    const before = first === null ? head : Buffer.concat([head, first]);
    if (visitor.begin(session, name, before.length === 0 ? null : before)) return 'accepted';
    visitor.cut();
    return 'busy';
  }

  #hostOf(name: string, visitors: Set<TcpVisitor>): TcpVisitorHost {
    return {
      idleMs: this.#settings?.idleMs ?? 1,
      counted: (direction, bytes) => this.#events.counted(direction, bytes),
      left: (visitor) => {
        visitors.delete(visitor);
        if (visitors.size === 0) this.#visitorsOf.delete(name);
      },
    };
  }
}

function headOf(version: TcpProxyVersion, ends: ProxiedEnds | null): Buffer {
  if (version === 'none') return Buffer.alloc(0);
  return version === 'v1' ? formatProxyHeaderV1(ends) : formatProxyHeaderV2(ends);
}
