// All TCP tunnels of the server: who has which port, and what each may have. Rule: a port is somebody's before it is opened, so that no
// two clients are ever told the same one.
import type { ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import { parseIpRange } from '../../core/ip.ts';
import { AddressRanges } from '../identity/address-ranges.ts';
import type { VisitAnswer } from './node-link.ts';
import type { VisitorEnd } from './link-stream.ts';
import { PortDoors } from './port-doors.ts';
import type { TunnelPortRow } from '../../state/tunnel-ports.ts';
import { type PortBook, PortLeases, type PortRange } from './port-leases.ts';
import { type TcpProxyVersion, TcpTunnel, type TcpTunnelHost, type TcpVerdict } from './tcp-tunnel.ts';
import type { TunnelLink } from './tunnel-link.ts';
import { portOfTunnelName, tunnelNameOfPort } from './tunnel-names.ts';

export interface TcpTunnelsSettings {
  /** null: there are no TCP tunnels. */
  readonly ports: PortRange | null;
  readonly address: string;
  /** In the address that owners are told. */
  readonly publicHost: string;
  readonly portsPerAccount: number;
  /** How long a port is kept for its account. */
  readonly holdMs: number;
  readonly connections: number;
  readonly connectionsPerAccount: number;
  readonly proxyProtocol: TcpProxyVersion;
  readonly allow: readonly string[];
  readonly idleMs: number;
}

/** What a client asks for. */
export interface TcpWish {
  /** null: any port will do. */
  readonly port: number | null;
  readonly proxyProtocol: string | null;
  readonly allow: readonly string[] | null;
}

export type TcpOpened =
  | { readonly name: string; readonly url: string; readonly port: number }
  | { readonly refused: string; readonly why: string };

export interface TcpReport {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly account: string;
  readonly sinceMs: number;
  /** null: its client is away. */
  readonly tunnel: TcpTunnel | null;
}

export interface TcpTunnelsOptions {
  readonly now: () => number;
  noted(verdict: TcpVerdict): void;
  counted(direction: 'in' | 'out', bytes: number): void;
  /** How many tunnels and visitors there are. */
  changed(tunnels: number, connections: number): void;
  /** Missing: there is no other node. */
  readonly nodes?: PortClaims;
}

/** What other nodes have to do with ports. */
export interface PortClaims {
  /** Whether it is this account's on all nodes, or nobody can be asked. null: there is no other node. */
  claim(port: number, account: string): Promise<boolean> | null;
  /** Its client has gone; it waits so long for its account. */
  left(port: number, holdMs: number): void;
  /** It waits for nobody any more. */
  dropped(port: number): void;
  isElsewhere(port: number): boolean;
}

const OFF: TcpTunnelsSettings = {
  ports: null,
  address: '127.0.0.1',
  publicHost: '',
  portsPerAccount: 0,
  holdMs: 1,
  connections: 0,
  connectionsPerAccount: 0,
  proxyProtocol: 'none',
  allow: [],
  idleMs: 1,
};
const DISABLED = { refused: 'TCP_DISABLED', why: 'this server has no TCP tunnels' } as const;
const PROXY_VERSIONS: ReadonlyMap<string, TcpProxyVersion> = new Map([
  ['none', 'none'],
  ['v1', 'v1'],
  ['v2', 'v2'],
]);
const MAX_ALLOWED = 256;

export class TcpTunnels implements TcpTunnelHost {
  readonly #options: TcpTunnelsOptions;
  readonly #leases: PortLeases<TcpTunnel>;
  readonly #tunnels = new Set<TcpTunnel>();
  readonly doors: PortDoors = new PortDoors();
  readonly #connectionsOf = new Map<string, number>();
  #connections = 0;
  #drains = false;
  #idle: (() => void) | null = null;
  #settings: TcpTunnelsSettings = OFF;
  #allow = new AddressRanges([]);

  constructor(options: TcpTunnelsOptions) {
    this.#options = options;
    const { now, nodes } = options;
    this.#leases = new PortLeases({
      now,
      isElsewhere: (port) => nodes?.isElsewhere(port) ?? false,
      dropped: (port) => nodes?.dropped(port),
    });
  }

  get idleMs(): number {
    return this.#settings.idleMs;
  }

  get address(): string {
    return this.#settings.address;
  }

  get proxyProtocol(): TcpProxyVersion {
    return this.#settings.proxyProtocol;
  }

  /** Tunnels that may not be where they are any more end; their clients ask again. */
  configure(settings: TcpTunnelsSettings): void {
    this.#settings = settings;
    this.#allow = new AddressRanges(settings.allow);
    this.#leases.configure(settings.ports ?? { from: 0, to: -1 }, settings.portsPerAccount, settings.holdMs);
    for (const tunnel of this.#tunnels) {
      if (tunnel.address === settings.address && this.#leases.isInRange(tunnel.port)) continue;
      this.#leave(tunnel);
      this.#end(tunnel);
      tunnel.client.removed(tunnel.name);
    }
  }

  keepIn(book: PortBook | null): void {
    this.#leases.keepIn(book);
  }

  /** Another node has said so of a port that waits there. */
  heard(port: number, row: TunnelPortRow | null): void {
    this.#leases.heard(port, row);
  }

  async open(wish: TcpWish, client: TunnelLink): Promise<TcpOpened> {
    if (this.#settings.ports === null) return DISABLED;
    if (this.#drains) return { refused: 'SERVICE_UNAVAILABLE', why: 'the server is going away' };
    const parts = readWish(wish);
    if ('refused' in parts) return parts;
    const { account } = client;
    const wanted = wish.port === 0 ? null : wish.port;
    const choice = this.#leases.choose(wanted, account);
    if ('refused' in choice) return choice;
    let isAnothers = false;
    for (const port of choice.ports) {
      const answer = this.#isAnothers(port, account);
      isAnothers = answer === false ? false : await answer;
      if (isAnothers) continue;
      const tunnel = new TcpTunnel({ port, client, ...parts }, this);
      const failure = await this.#listen(tunnel);
      if (failure === null) return this.#opened(tunnel);
      if (!client.isOpen) break;
      if (failure !== 'EADDRINUSE') return { refused: 'TUNNEL_CREATE_FAILED', why: `port ${port}: ${failure}` };
    }
    if (wanted === null) return { refused: 'POOL_EXHAUSTED', why: 'no port is free' };
    if (isAnothers) return { refused: 'SUBDOMAIN_UNAVAILABLE', why: `port ${wanted} belongs to another account` };
    return { refused: 'TUNNEL_CREATE_FAILED', why: `port ${wanted} is in use by another program` };
  }

  /** At once where there is no other node. */
  #isAnothers(port: number, account: string): boolean | Promise<boolean> {
    return this.#options.nodes?.claim(port, account)?.then((isOurs) => !isOurs) ?? false;
  }

  /** null: it listens; else what the system says. */
  async #listen(tunnel: TcpTunnel): Promise<string | null> {
    const { port, client } = tunnel;
    const before = this.#leases.take(port, client.account, tunnel);
    if (before !== null) {
      this.#end(before);
      if (before.client !== client) before.client.replaced(before.name);
    }
    this.#tunnels.add(tunnel);
    try {
      await tunnel.listen();
    } catch (error) {
      this.#tunnels.delete(tunnel);
      this.#leave(tunnel);
      return (error as NodeJS.ErrnoException).code ?? String(error);
    }
    if (client.isOpen && this.#tunnels.has(tunnel)) return null;
    this.#leave(tunnel);
    this.#end(tunnel);
    return 'the client has gone';
  }

  #opened(tunnel: TcpTunnel): TcpOpened {
    const { name, port, client } = tunnel;
    client.names.add(name);
    this.#changed();
    return { name, port, url: this.#urlOf(port) };
  }

  get connections(): number {
    return this.#connections;
  }

  /** The server is going: nobody comes any more. Resolves when those who are there have gone. */
  drain(): Promise<void> {
    this.#drains = true;
    for (const tunnel of this.#tunnels) tunnel.stop();
    if (this.#connections === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#idle = resolve));
  }

  /** Its client has gone: the ports wait for it. */
  release(client: TunnelLink): void {
    for (const tunnel of this.#tunnels) {
      if (tunnel.client !== client) continue;
      this.#leave(tunnel);
      this.#end(tunnel);
    }
  }

  /** Ends the tunnel and gives its port free; false: there is none of that name. */
  remove(name: string): boolean {
    const lease = this.#leases.entries().find(({ port }) => tunnelNameOfPort(port) === name);
    if (lease === undefined) return false;
    this.#leases.drop(lease.port);
    this.#options.nodes?.dropped(lease.port);
    if (lease.holder !== null) {
      this.#end(lease.holder);
      lease.holder.client.removed(name);
    }
    return true;
  }

  /** Another node has it: for a client of the same account, or for another account. */
  giveWay(port: number, why: 'replaced' | 'removed'): void {
    const lease = this.#leases.drop(port);
    if (lease === null || lease.holder === null) return;
    this.#end(lease.holder);
    lease.holder.client[why](lease.holder.name);
  }

  /** Those whose clients are here. */
  ports(): number[] {
    return [...this.#tunnels].map(({ port }) => port);
  }

  /** Where this node opens a port of another one; null: nowhere. */
  placeOf(port: number): string | null {
    return this.#leases.isInRange(port) && !this.#drains ? this.#settings.address : null;
  }

  /** A visitor whom another node brings. */
  bring(name: string, connection: VisitorEnd, ends: ProxiedEnds | null): VisitAnswer {
    const tunnel = this.#leases.holder(portOfTunnelName(name) ?? 0);
    if (tunnel === null) return 'missed';
    return tunnel.bring(connection, ends) === 'accepted' ? 'taken' : 'refused';
  }

  reports(): TcpReport[] {
    return this.#leases.entries().map(({ port, account, sinceMs, holder }) => {
      return { name: tunnelNameOfPort(port), url: this.#urlOf(port), port, account, sinceMs, tunnel: holder };
    });
  }

  judge(tunnel: TcpTunnel, address: string): TcpVerdict {
    const { connections, connectionsPerAccount } = this.#settings;
    if (!this.#allow.isEmpty && !this.#allow.has(address)) return 'not_allowed';
    if (tunnel.connections >= connections || isUsedUp(tunnel.client)) return 'limit';
    const own = this.#connectionsOf.get(tunnel.client.account) ?? 0;
    return own >= connectionsPerAccount ? 'limit' : 'accepted';
  }

  noted(verdict: TcpVerdict): void {
    this.#options.noted(verdict);
  }

  counted(direction: 'in' | 'out', bytes: number): void {
    this.#options.counted(direction, bytes);
  }

  visited({ client: { account } }: TcpTunnel, change: 1 | -1): void {
    this.#connections += change;
    const own = (this.#connectionsOf.get(account) ?? 0) + change;
    if (own > 0) this.#connectionsOf.set(account, own);
    else this.#connectionsOf.delete(account);
    if (this.#connections === 0) this.#idle?.();
    this.#changed();
  }

  #changed(): void {
    this.#options.changed(this.#tunnels.size, this.#connections);
  }

  #leave(tunnel: TcpTunnel): void {
    // Else a newer one has it, whose client has claimed it.
    if (this.#leases.holder(tunnel.port) !== tunnel) return;
    this.#leases.leave(tunnel.port, tunnel);
    this.#options.nodes?.left(tunnel.port, this.#settings.holdMs);
  }

  #end(tunnel: TcpTunnel): void {
    this.#tunnels.delete(tunnel);
    tunnel.close();
    this.#changed();
  }

  #urlOf(port: number): string {
    const { publicHost } = this.#settings;
    return `tcp://${publicHost.includes(':') ? `[${publicHost}]` : publicHost}:${port}`;
  }
}

/** What a client wishes for its visitors. */
export interface TcpWishParts {
  /** null: as the server says. */
  readonly proxyProtocol: TcpProxyVersion | null;
  /** null: whom the server allows. */
  readonly allow: AddressRanges | null;
}

type WishParts = TcpWishParts | { readonly refused: string; readonly why: string };

export function readWish({ proxyProtocol, allow }: Omit<TcpWish, 'port'>): WishParts {
  const version = proxyProtocol === null ? null : PROXY_VERSIONS.get(proxyProtocol);
  if (version === undefined) return { refused: 'UNSUPPORTED_PROTOCOL', why: 'proxy_protocol is none, v1 or v2' };
  if (allow === null) return { proxyProtocol: version, allow: null };
  const wrong = allow.length > MAX_ALLOWED || allow.some((text) => parseIpRange(text) === undefined);
  if (wrong) return { refused: 'UNSUPPORTED_PROTOCOL', why: `allow is a list of at most ${MAX_ALLOWED} networks` };
  return { proxyProtocol: version, allow: allow.length === 0 ? null : new AddressRanges(allow) };
}

/** What its account may have of visitors and bytes. */
export function isUsedUp({ meter }: Pick<TunnelLink, 'meter'>): boolean {
  return (meter?.refusal(Date.now()) ?? null) !== null;
}
