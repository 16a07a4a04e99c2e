// The tunnel server, once for all threads: it lives on the main one. Rule: clients that are connected stay connected over a reload, as
// long as the server is on and their accounts are there.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Exchange } from '../../contract/exchange.ts';
import type { ClientAddress } from '../../services/identity/client-address.ts';
import { peerAddress } from '../../services/tunnels/peer-address.ts';
import { KnownPlaces } from '../../services/tunnels/known-places.ts';
import { KnownNames } from '../../services/tunnels/known-names.ts';
import { OF_CONFIGURATION } from '../../services/tunnels/tunnel-accounts.ts';
import { SERVER_ITSELF, TUNNEL_FIELD, tunnelNameOfPort } from '../../services/tunnels/tunnel-names.ts';
import { SessionList } from '../../services/tunnels/session-list.ts';
import { type NameUse, TunnelRegistry } from '../../services/tunnels/tunnel-registry.ts';
import type { TunnelLink } from '../../services/tunnels/tunnel-link.ts';
import { LegacyClients } from '../../services/tunnels/legacy-clients.ts';
import type { SessionEvent, SessionHost } from '../../services/tunnels/session-host.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { type TunnelFamilies, tunnelFamilies } from '../../telemetry/tunnel-families.ts';
import { visitorsOf } from '../assemble/assemble-tunnels.ts';
import { configuredUsers } from '../assemble/configured-users.ts';
import type { DoorStatus } from '../doors/door.ts';
import { tunnel, tunnelAccounts, tunnelControl, tunnelProxySockets } from '../registry.ts';
import type { SharedNodes } from '../nodes/shared-nodes.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import type { ListOfNodes } from './asked-nodes.ts';
import { TcpDesk, type TcpTunnelReport } from './tcp-desk.ts';
import { TlsDesk, tlsUrlOf } from './tls-desk.ts';
import { sendAway } from './send-away.ts';
import { checkTunnelTls, TunnelDoor, type TunnelDoorRoute } from './tunnel-door.ts';
import { TunnelNodes } from './tunnel-nodes.ts';
import { TunnelOffice } from './tunnel-office.ts';

export interface TunnelDeskOptions {
  readonly dataDir: string;
  readonly recorder: MetricsRecorder;
  readonly log: ThreadLog;
  /** Missing: this one is alone. */
  readonly nodes?: SharedNodes;
  /** What other nodes may ask this one for, beside its tunnels. */
  readonly routesOfNode?: readonly TunnelDoorRoute[];
}

export interface TunnelReport {
  readonly name: string;
  /** Where others reach the node that it is on; null: there is one alone. */
  readonly node: string | null;
  readonly url: string;
  readonly account: string;
  readonly sinceMs: number;
  readonly use: NameUse;
  /** How many have it; `client` is the newest. */
  readonly clients: number;
  /** null: its client is away. */
  readonly client: ClientReport | null;
  /** null: it is none of TCP. */
  readonly tcp: TcpTunnelReport | null;
}

export interface ClientReport {
  readonly address: string;
  readonly version: number;
  readonly connectedAtMs: number;
  readonly streams: number;
  readonly streamsTotal: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly roundTripMs: number | null;
}

/** What Node asks for. */
const TICKET_KEY_BYTES = 48;
const TIDY_MS = 30_000;

export class TunnelDesk {
  /** Where all threads pass exchanges for tunnels on to. */
  readonly socketPath: string;
  /** Those of users of the configuration; for all threads. */
  readonly knownNames: KnownNames = new KnownNames();
  /** On which other nodes tunnels are; for all threads. Undefined: this one is alone. */
  readonly knownPlaces: KnownPlaces | undefined;
  readonly #options: TunnelDeskOptions;
  readonly #folder: string;
  readonly office: TunnelOffice;
  readonly #tcp: TcpDesk;
  readonly #tls: TlsDesk;
  readonly #registry: TunnelRegistry = new TunnelRegistry({
    now: Date.now,
    limitsOf: (account) => this.office.limitsOf(account),
    refuseHostname: (hostname, account) => this.office.refuseHostname(hostname, account),
    taken: (name, account, sharedBy) => this.#nodes?.taken(name, account, sharedBy),
    shared: (name, clients) => this.#nodes?.shared(name, clients),
    left: (name, holdMs) => this.#nodes?.left(name, holdMs),
    dropped: (name) => this.#nodes?.dropped(name),
    named: (name, account) => {
      if (account?.startsWith(OF_CONFIGURATION) === true) this.knownNames.add(name);
      else this.knownNames.delete(name);
    },
  });
  readonly #sessions = new SessionList();
  #tidying: NodeJS.Timeout | undefined;
  #families: TunnelFamilies | null = null;
  #config: Config | null = null;
  /** For clients that connect through proxies which are trusted. */
  #visitors: ClientAddress | null = null;
  readonly #ticketKeys = randomBytes(TICKET_KEY_BYTES);
  #inner: TunnelDoor | null = null;
  #door: TunnelDoor | null = null;
  #nodes: TunnelNodes | null = null;

  constructor(options: TunnelDeskOptions) {
    this.#options = options;
    this.knownPlaces = options.nodes?.isShared === true ? new KnownPlaces() : undefined;
    this.#tcp = new TcpDesk(options.recorder, {
      claim: (port, account) => this.#nodes?.claim(port, account) ?? null,
      left: (port, holdMs) => this.#nodes?.left(tunnelNameOfPort(port), holdMs),
      dropped: (port) => this.#nodes?.dropped(tunnelNameOfPort(port)),
      isElsewhere: (port) => this.#nodes?.visits.isElsewhere(port) ?? false,
    });
    this.office = new TunnelOffice({
      sessions: this.#sessions,
      registry: this.#registry,
      ports: this.#tcp,
      nodes: options.nodes,
      onProblem: (err) => options.log('error', { err }, 'what another node has changed could not be kept here'),
    });
    // Short, for the name of a unix socket may not be long.
    this.#folder = join(tmpdir(), `sluice-${process.pid}-${randomBytes(6).toString('hex')}`);
    this.socketPath = join(this.#folder, 'tunnels.sock');
    this.#tls = new TlsDesk(this.socketPath, this.#registry, {
      ...this.#tcp.events,
      passOn: (socket, visit) => {
        this.#nodes?.visits.bring(socket, visit);
        return this.#nodes !== null;
      },
    });
  }

  /** Before the threads have the same configuration: they may pass something on at once. */
  async apply(config: Config): Promise<void> {
    const { server } = config.tunnels;
    if (server.enabled || config.agents.enabled) this.#nodes ??= await this.#openNodes(config);
    this.#nodes?.configure(config);
    if (!server.enabled) {
      this.#tcp.configure(config);
      await this.#switchOff();
      this.#config = config;
      return;
    }
    checkTunnelTls(config, this.#ticketKeys);
    const users = configuredUsers(config.users);
    this.office.open(this.#options.dataDir, config, users);
    this.#tidying ??= setInterval(() => this.office.tidy(), TIDY_MS).unref();
    this.#families ??= tunnelFamilies(this.#options.recorder);
    this.#inner ??= await this.#openInner(config);
    await this.#tls.configure(config);
    await this.#openDoor(config);
    this.#config = config;
    this.#tcp.configure(config);
    this.#visitors = visitorsOf(config.gateway.policies, config.policies);
    this.office.configure(config, users);
    this.#inner.configure(config);
    this.#door?.configure(config);
  }

  /** With the hostnames of accounts that lead somewhere at the moment. */
  over(config: Config): Config {
    const verified = this.office.hostnames?.verified() ?? [];
    if (verified.length === 0) return config;
    return { ...config, tunnels: { ...config.tunnels, server: { ...config.tunnels.server, verified } } };
  }

  doors(): DoorStatus[] {
    const nodes = this.#nodes?.doors() ?? [];
    return this.#door === null ? nodes : [this.#door.status(), ...nodes];
  }

  reports(): TunnelReport[] {
    const node = this.#nodes?.address ?? null;
    const named = this.#registry.entries().map(({ name, account, use, session, clients, sinceMs }): TunnelReport => {
      const client = session === null ? null : reportOf(session);
      const tls = session?.tlsTunnels?.has(name) === true ? (this.#host.tlsUrlOf(name) ?? '') : null;
      const url = tls ?? this.#urlOf(name);
      return { name, node, url, account, sinceMs, use: { ...use }, clients, client, tcp: null };
    });
    const ports = this.#tcp.reports().map(({ session, ...report }): TunnelReport => {
      const clients = session === null ? 0 : 1;
      return { ...report, node, clients, client: session === null ? null : reportOf(session) };
    });
    return [...named, ...ports];
  }

  /** Those of all nodes. */
  async reportsOfNodes(): Promise<ListOfNodes> {
    const own = this.reports();
    return this.#nodes?.list(own) ?? { reports: own, missing: [] };
  }

  /** On whatever node it is. */
  async removeOnNodes(name: string): Promise<boolean> {
    const wasElsewhere = (await this.#nodes?.remove(name)) ?? false;
    return this.remove(name) || wasElsewhere;
  }

  /** Ends the tunnel and gives its name free. */
  remove(name: string): boolean {
    const isThere = this.#registry.forget(name) || this.#tcp.remove(name);
    this.#measure();
    return isThere;
  }

  /** No more clients; those that are there stay. */
  stop(): void {
    this.#door?.stop();
  }

  /** Another one has opened the same doors: other nodes bring visitors there from now on. */
  letGo(): void {
    this.stop();
    this.#nodes?.letGo();
  }

  /**
   * Those that are there connect anew as soon as there is a server again, here or elsewhere; what they carry may end. With other nodes: resolves when
   * they are there, and their visitors with them.
   */
  async drain(reason: string, graceMs: number): Promise<void> {
    const isAwaited = this.#nodes?.sendsAway() ?? false;
    await sendAway(this.#sessions, { reason, graceMs, isAwaited });
    await this.#nodes?.drain();
  }

  /** Visitors of TCP tunnels who are there, and those who go through to other nodes, beside those of the doors. */
  get visitors(): number {
    return this.#tcp.connections + (this.#nodes?.visits.size ?? 0);
  }

  /** Nobody comes to the ports of TCP tunnels any more. Resolves when those who are there have gone. */
  async drainVisitors(): Promise<void> {
    await Promise.all([this.#tcp.drain(), this.#nodes?.visits.drain()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#switchOff(), this.#nodes?.close()]);
    this.#nodes = null;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #switchOff(): Promise<void> {
    this.#door?.stop();
    for (const session of this.#sessions.all()) session.close();
    await Promise.all([this.#door?.close(), this.#inner?.close()]);
    this.#door = null;
    this.#inner = null;
    clearInterval(this.#tidying);
    this.#tidying = undefined;
    this.office.close();
    this.#tls.close();
  }

  /** null: this one is alone, or wants to be. */
  async #openNodes(config: Config): Promise<TunnelNodes | null> {
    const { nodes, log } = this.#options;
    const { node } = config.process;
    if (nodes === undefined || !nodes.isShared || node === null) return null;
    const sent = (): void => void (this.#families !== null && this.#add(this.#families.toNodes, 1));
    const opened = new TunnelNodes({
      nodes,
      registry: this.#registry,
      tcp: this.#tcp,
      tls: this.#tls,
      desk: this,
      node,
      log,
      ticketKeys: this.#ticketKeys,
      places: this.knownPlaces ?? null,
      sent,
      routes: this.#options.routesOfNode ?? [],
    });
    try {
      await opened.open(config);
    } catch (error) {
      await opened.close();
      throw error;
    }
    return opened;
  }

  async #openInner(config: Config): Promise<TunnelDoor> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const { log } = this.#options;
    const { target, policies, dialOver } = this.#nodes ?? { target: tunnel(this.#registry), policies: [] };
    const fields = [[TUNNEL_FIELD, SERVER_ITSELF] as const];
    const routes = [
      { name: 'tunnel', path: '/*', target, policies },
      ...this.#routes().map((route) => ({ ...route, fields })),
    ];
    const inner = new TunnelDoor(config, {
      door: 'inner',
      listen: null,
      path: this.socketPath,
      routes,
      recorder: null,
      log,
      ticketKeys: this.#ticketKeys,
      ...(dialOver !== undefined && { dialOver }),
    });
    await inner.start();
    return inner;
  }

  async #openDoor(config: Config): Promise<void> {
    const { listen } = config.tunnels.server;
    if (this.#door?.listen === listen) return;
    const { recorder, log } = this.#options;
    const [routes, ticketKeys] = [this.#routes(), this.#ticketKeys];
    const door = new TunnelDoor(config, { door: 'tunnels', listen, path: null, routes, recorder, log, ticketKeys });
    await door.start();
    const before = this.#door;
    this.#door = door;
    before?.stop();
    // Its clients go on where they are.
    void before?.drain();
  }

  /** What clients ask the server for. */
  #routes(): TunnelDoorRoute[] {
    const control = tunnelControl(this.#host);
    const proxies = tunnelProxySockets(this.#host);
    const accounts = tunnelAccounts(this.office, (exchange) => this.#host.addressOf(exchange));
    return [
      // Clients of 2.x write two slashes where a server is named with one at its end.
      ...['/api/v1/ws/tunnel', '//api/v1/ws/tunnel'].map((path) => ({ name: 'control', path, target: control })),
      ...['/api/v1/ws/proxy', '//api/v1/ws/proxy'].map((path) => ({ name: 'proxies', path, target: proxies })),
      { name: 'accounts', path: '/*', target: accounts },
    ];
  }

  readonly #host: SessionHost = {
    registry: this.#registry,
    legacyClients: new LegacyClients(),
    admit: (token, address, then) => this.office.admit(token, address, then),
    addressOf: (exchange: Exchange): string => peerAddress(exchange, this.#visitors),
    confirm: (name) => this.#nodes?.confirm(name) ?? null,
    urlOf: (name: string): string => this.#urlOf(name),
    tlsUrlOf: (name) => (this.#config === null ? null : tlsUrlOf(this.#config, name)),
    openTcp: (wish, session) => this.#tcp.open(wish, session),
    note: (event: SessionEvent, session: TunnelLink): void => this.#note(event, session),
    counted: (direction: 'in' | 'out', bytes: number): void => {
      if (this.#families !== null)
        this.#add(direction === 'in' ? this.#families.bytesIn : this.#families.bytesOut, bytes);
    },
  };

  #urlOf(name: string): string {
    const pattern = this.#config?.tunnels.server.public_url ?? '';
    return name.includes('.') ? urlOfHostname(pattern, name) : pattern.replaceAll('{subdomain}', name);
  }

  #note(event: SessionEvent, session: TunnelLink): void {
    const families = this.#families;
    if (families === null) return;
    const { account, remoteAddress: client, version } = session;
    if (event === 'opened') this.#sessions.add(session);
    if (event === 'closed') this.#sessions.delete(session);
    if (event === 'closed') this.#tcp.release(session);
    if (event === 'stream') this.#add(families.streams, 1);
    if (event === 'refused') this.#add(families.refused, 1);
    if (event === 'opened') this.#add(families.sessions, 1);
    if (event === 'created' || event === 'recreated') this.#add(families.created, 1);
    if (event === 'recreated') this.#add(families.reconnects, 1);
    if (event === 'stream') return;
    this.#measure();
    const fields = { event: 'tunnel', account, client, version, names: [...session.names] };
    this.#options.log('info', fields, `tunnel client ${event}`);
  }

  #measure(): void {
    const families = this.#families;
    if (families === null) return;
    this.#set(families.clients, this.#sessions.size);
    this.#set(families.tunnels, this.#registry.online);
  }

  #add(slot: number, count: number): void {
    const { slots } = this.#options.recorder;
    slots[slot] = (slots[slot] ?? 0) + count;
  }

  #set(slot: number, value: number): void {
    this.#options.recorder.slots[slot] = value;
  }
}

/** A hostname is reached as names are: by the same scheme and port. */
function urlOfHostname(pattern: string, hostname: string): string {
  const { protocol, port } = new URL(pattern.replaceAll('{subdomain}', 'x'));
  return `${protocol}//${hostname}${port === '' ? '' : `:${port}`}`;
}

function reportOf(session: TunnelLink): ClientReport {
  return {
    address: session.remoteAddress,
    version: session.version,
    connectedAtMs: session.openedAtMs,
    streams: session.streamCount,
    streamsTotal: session.streamsOpened,
    bytesReceived: session.bytesIn,
    bytesSent: session.bytesOut,
    roundTripMs: session.roundTripMs,
  };
}
