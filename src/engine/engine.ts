// The data path of one thread: the program that runs, the connections that are open, and what they share.
// Rule: one reference holds the program; swapping it is the whole of a reload, and what is in flight ends on the old one.
import { randomBytes } from 'node:crypto';
import type net from 'node:net';
import type { ParserLimits } from '../codec/http1/parser.ts';
import type { Aside } from '../contract/aside.ts';
import type { Timeouts } from '../contract/bounds.ts';
import type { Origin } from '../contract/target.ts';
import { Connection, NOBODY } from '../transport/connection.ts';
import { type Listed, Roster } from '../transport/roster.ts';
import { type AskedAside, AsideClient } from './aside.ts';
import { Downstream } from './downstream.ts';
import type { HttpExchange } from './exchange.ts';
import { ExchangeIds } from './exchange-id.ts';
import { type Dial, OriginPool } from './origin-pool.ts';
import type { ForwardedCertificate, Forwarding } from './forwarded-lines.ts';
import { Http2Client } from './http2-client.ts';
import { Http2OriginPool } from './http2-origin-pool.ts';
import type { OpenConnection } from './open-connection.ts';
import { Outbound } from './outbound.ts';
import type { Pool } from './pool.ts';
import type { Program } from './program.ts';
import { ReplayClient, type ReplayOutcome, type ReplayRequest } from './replay-client.ts';
import type { Traffic } from './traffic.ts';
import { type AskedTunnel, TunnelClient } from './tunnel-client.ts';

export interface EngineLimits {
  readonly request: ParserLimits;
  readonly response: ParserLimits;
  /** Of a request's body, where its route does not say otherwise. */
  readonly maxBodyBytes: number;
}

export interface EngineOptions {
  readonly program: Program;
  readonly limits: EngineLimits;
  readonly timeouts: Timeouts;
  readonly traffic: Traffic;
  readonly dial: Dial;
  /** How upstreams are told whose request it is and through whom it came; `x_forwarded` without it. */
  readonly forwarding?: Forwarding;
  /** Told what a policy or a target has thrown; without it that is a warning of the process. */
  readonly onFault?: (cause: unknown) => void;
}

/** What the engine needs to know of a client connection, whichever HTTP version it speaks. */
export interface Client extends Listed {
  /** The listening address that it has come in by; empty where that makes no difference. */
  readonly entrance: string;
  /** Ends after what it is doing; at once when it does nothing. */
  drain(): void;
  cut(): void;
  describe(): OpenConnection;
}

export class Engine {
  program: Program;
  limits: EngineLimits;
  timeouts: Timeouts;
  readonly traffic: Traffic;
  dial: Dial;
  forwarding: Forwarding;
  /** What of the certificates of clients upstreams are told. */
  forwardedCertificate: ForwardedCertificate = 'none';
  readonly onFault: (cause: unknown) => void;
  readonly outbound: Outbound = new Outbound();
  readonly ids: ExchangeIds = new ExchangeIds();
  /** Our name in Via: unique, so that a chain of several Sluices is no loop. */
  readonly pseudonym: string = `sluice-${randomBytes(3).toString('hex')}`;
  draining = false;
  /** Clients may begin with HTTP/2 on connections without TLS. */
  http2InTheClear = true;
  private readonly clients = new Roster<Client>();
  private readonly asides = new Set<AsideClient>();
  private readonly replays = new Set<ReplayClient>();
  /** Exchanges whose clients have left, and that go on. */
  readonly alone: Set<HttpExchange> = new Set();
  private pools = new Map<Origin, Pool>();
  private empty: PromiseWithResolvers<void> | null = null;

  constructor(options: EngineOptions) {
    this.program = options.program;
    this.limits = options.limits;
    this.timeouts = options.timeouts;
    this.traffic = options.traffic;
    this.dial = options.dial;
    this.forwarding = options.forwarding ?? 'x_forwarded';
    this.onFault = options.onFault ?? warnOf;
  }

  /** Speaks HTTP/1.1 on an accepted socket, of which `first` may have been read already; `entrance` is where it has come in. */
  serve(socket: net.Socket, first: Buffer | null = null, entrance = ''): void {
    const connection = new Connection(socket, NOBODY);
    this.serveConnection(connection, entrance);
    if (first !== null && first.length > 0) connection.received(first, 0, first.length);
  }

  serveConnection(connection: Connection, entrance = ''): void {
    const downstream = new Downstream(this, connection, entrance);
    connection.handler = downstream;
    this.joined(downstream);
    connection.resume();
  }

  /** Answers a client that has asked for a connection in another protocol; `first` is what it has sent behind its request. */
  serveTunnel(connection: Connection, asked: AskedTunnel, first: Buffer): void {
    const client = new TunnelClient(this, connection, asked);
    connection.handler = client;
    this.joined(client);
    connection.resume();
    client.start(first);
  }

  /** Speaks HTTP/2 on an accepted socket. */
  serveHttp2(socket: net.Socket, entrance = ''): void {
    const client = new Http2Client(this, socket, entrance);
    this.joined(client);
  }

  /** The connection of `client` turns out to speak HTTP/2: somebody else serves it from here on. */
  becomesHttp2(client: Client, connection: Connection): void {
    const next = new Http2Client(this, connection, client.entrance);
    this.clients.delete(client);
    this.clients.add(next);
    if (this.draining) next.drain();
  }

  /** Sends a request of our own beside an exchange. */
  aside(beside: HttpExchange, asked: AskedAside): Aside {
    const aside = new AsideClient(beside, asked.events);
    this.asides.add(aside);
    aside.start(beside, asked);
    return aside;
  }

  asideOver(aside: AsideClient): void {
    this.asides.delete(aside);
  }

  /** Sends a request of a client once more. */
  replay(request: ReplayRequest): Promise<ReplayOutcome> {
    return new Promise((resolve) => {
      const client = new ReplayClient(this, request, resolve);
      this.replays.add(client);
      client.start();
    });
  }

  replayOver(client: ReplayClient): void {
    this.replays.delete(client);
  }

  /** For exchanges and connections that begin from here on. */
  configure(limits: EngineLimits, timeouts: Timeouts, dial: Dial): void {
    this.limits = limits;
    this.timeouts = timeouts;
    this.dial = dial;
  }

  joined(client: Client): void {
    this.clients.add(client);
    this.traffic.opened();
    if (this.draining) client.drain();
  }

  left(client: Client): void {
    if (!this.clients.delete(client)) return;
    this.traffic.closed();
    if (this.clients.size > 0) return;
    this.empty?.resolve();
    this.empty = null;
  }

  poolOf(origin: Origin): Pool {
    let pool = this.pools.get(origin);
    if (pool === undefined) {
      pool = origin.protocol === 'http2' ? new Http2OriginPool(this, origin) : new OriginPool(this, origin);
      this.remember(pool);
    }
    return pool;
  }

  remember(pool: Pool): void {
    this.pools.set(pool.origin, pool);
  }

  /** A pool without connections; it is made again when it is needed. */
  forget(pool: Pool): void {
    if (this.pools.get(pool.origin) === pool) this.pools.delete(pool.origin);
  }

  /** From here on exchanges begin on the new program. The pools of the old one close as its exchanges end. */
  swap(program: Program): void {
    const { program: old, pools } = this;
    this.program = program;
    this.pools = new Map();
    old.retire();
    for (const pool of pools.values()) pool.close();
  }

  /** Answers what has been asked and takes nothing new; resolves when no client connection is left. */
  drain(): Promise<void> {
    this.draining = true;
    for (const client of this.clients) client.drain();
    return this.untilEmpty();
  }

  /** Cuts everything that is still open. */
  close(): void {
    this.draining = true;
    for (const client of this.clients) client.cut();
    for (const aside of this.asides) aside.cancel();
    for (const replay of this.replays) replay.cancel();
    for (const exchange of this.alone) exchange.onClientGone();
    for (const pool of this.pools.values()) pool.close();
    this.program.retire();
  }

  /** Resolves when a drain or a close has left no client, and all that ran has been counted and logged. */
  untilEmpty(): Promise<void> {
    if (this.clients.size === 0) return Promise.resolve();
    this.empty ??= Promise.withResolvers();
    return this.empty.promise;
  }

  /** Connections that are served here. */
  get clientCount(): number {
    return this.clients.size;
  }

  /** Upstream connections that are open, for status and leak tests. */
  get upstreamConnections(): number {
    let count = 0;
    for (const pool of this.pools.values()) count += pool.connections;
    return count;
  }

  /** What clients have open, no more than `limit` of it. */
  describeConnections(limit: number): OpenConnection[] {
    const described: OpenConnection[] = [];
    for (const client of this.clients) {
      if (described.length >= limit) break;
      described.push(client.describe());
    }
    return described;
  }

  get clientConnections(): number {
    return this.clients.size;
  }
}

function warnOf(cause: unknown): void {
  process.emitWarning(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), 'Fault');
}
