// Visitors of tunnels of TLS: by the name that they ask for they go to the client of the tunnel as they are. Rule: nobody here can read
// what they say; whoever asks for what there is not is cut.
import { Buffer } from 'node:buffer';
import type net from 'node:net';
import { formatProxyHeaderV1, formatProxyHeaderV2, type ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import type { PassRoutes } from '../passthrough/pass-routes.ts';
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
}

export interface TlsVisit {
  readonly serverName: string | null;
  /** What was read already. */
  readonly first: Buffer;
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
    this.#events.noted(verdict);
    if (verdict === 'accepted') return;
    socket.on('error', () => {});
    socket.destroy();
  }

  #begin(socket: net.Socket, visit: TlsVisit): TcpVerdict {
    const settings = this.#settings;
    const to = settings?.routes.find(visit.serverName ?? '')?.to;
    if (settings === null || to?.kind !== 'tunnel') return 'busy';
    const found = this.#registry.find(to.name);
    if (found.kind !== 'online') return 'busy';
    const wish = found.session.tlsTunnels?.get(to.name);
    return wish === undefined
      ? 'busy'
      : this.#lead(socket, visit, { name: to.name, session: found.session, wish, settings });
  }

  #lead(socket: net.Socket, { first, ends }: TlsVisit, { name, session, wish, settings }: Goal): TcpVerdict {
    if (wish.allow !== null && !wish.allow.has(ends?.sourceAddress ?? '')) return 'not_allowed';
    const visitors = this.#visitorsOf.get(name) ?? new Set();
    if (visitors.size >= settings.connections || isUsedUp(session)) return 'limit';
    const visitor = new TcpVisitor(socket, this.#hostOf(name, visitors));
    visitors.add(visitor);
    this.#visitorsOf.set(name, visitors);
    const head = headOf(wish.proxyProtocol ?? settings.proxyProtocol, ends);
    if (visitor.begin(session, name, Buffer.concat([head, first]))) return 'accepted';
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
