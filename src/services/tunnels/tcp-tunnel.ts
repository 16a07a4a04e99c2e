// One TCP tunnel: a port of ours that leads to a local server. Rule: whoever may not connect is cut before the client hears of them.
import type { Buffer } from 'node:buffer';
import type net from 'node:net';
import { formatProxyHeaderV1, formatProxyHeaderV2, type ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import { Connection, endsOf, NOBODY } from '../../transport/connection.ts';
import type { AddressRanges } from '../identity/address-ranges.ts';
import type { VisitorEnd } from './link-stream.ts';
import type { PortDoors } from './port-doors.ts';
import { TcpVisitor, type TcpVisitorHost } from './tcp-visitor.ts';
import type { TunnelLink } from './tunnel-link.ts';
import { tunnelNameOfPort } from './tunnel-names.ts';

export type TcpProxyVersion = 'none' | 'v1' | 'v2';
/** What becomes of somebody who connects. */
export type TcpVerdict = 'accepted' | 'not_allowed' | 'limit' | 'busy';

/** What is asked of whoever has the tunnels. */
export interface TcpTunnelHost {
  readonly idleMs: number;
  /** Where ports are opened. */
  readonly address: string;
  readonly doors: PortDoors;
  readonly proxyProtocol: TcpProxyVersion;
  /** By the rules of all tunnels. */
  judge(tunnel: TcpTunnel, address: string): TcpVerdict;
  noted(verdict: TcpVerdict): void;
  /** Somebody has come: 1, or gone: -1. */
  visited(tunnel: TcpTunnel, change: 1 | -1): void;
  counted(direction: 'in' | 'out', bytes: number): void;
}

export interface TcpTunnelParts {
  readonly port: number;
  readonly client: TunnelLink;
  /** null: as the server says. */
  readonly proxyProtocol: TcpProxyVersion | null;
  /** null: whom the server allows. */
  readonly allow: AddressRanges | null;
}

export class TcpTunnel implements TcpVisitorHost {
  readonly port: number;
  readonly name: string;
  readonly client: TunnelLink;
  /** Where it listens. */
  readonly address: string;
  connectionsTotal = 0;
  /** From visitors. */
  bytesIn = 0;
  bytesOut = 0;
  readonly #host: TcpTunnelHost;
  readonly #parts: TcpTunnelParts;
  readonly #take = (socket: net.Socket): void => this.#accepted(socket);
  readonly #visitors = new Set<TcpVisitor>();
  #isStopped = false;
  #isClosed = false;

  constructor(parts: TcpTunnelParts, host: TcpTunnelHost) {
    const { port, client } = parts;
    this.port = port;
    this.name = tunnelNameOfPort(port);
    this.client = client;
    this.address = host.address;
    this.#parts = parts;
    this.#host = host;
  }

  get connections(): number {
    return this.#visitors.size;
  }

  get idleMs(): number {
    return this.#host.idleMs;
  }

  /** Rejects with the system's own error when the port cannot be had. */
  async listen(): Promise<void> {
    await this.#host.doors.open({ port: this.port, host: this.address }, 'own', this.#take);
    if (this.#isStopped) this.stop();
  }

  /** Nobody comes to the port any more; those who are there stay, and other nodes bring theirs. */
  stop(): void {
    this.#isStopped = true;
    this.#host.doors.leave(this.port, 'own', this.#take);
  }

  /** Nobody comes any more, and those who are there are cut. */
  close(): void {
    this.#isClosed = true;
    this.stop();
    for (const visitor of this.#visitors) visitor.cut();
  }

  counted(direction: 'in' | 'out', bytes: number): void {
    if (direction === 'in') this.bytesIn += bytes;
    else this.bytesOut += bytes;
    this.#host.counted(direction, bytes);
  }

  left(visitor: TcpVisitor): void {
    this.#visitors.delete(visitor);
    this.#host.visited(this, -1);
  }

  #accepted(socket: net.Socket): void {
    const verdict = this.#verdictOn(socket.remoteAddress ?? '');
    if (verdict === 'accepted') this.#begin(new Connection(socket, NOBODY), endsOf(socket));
    else this.#refuse(socket, verdict);
  }

  /** Somebody who has come in at another node; whoever is not accepted is still there, or has been cut. */
  bring(connection: VisitorEnd, ends: ProxiedEnds | null): TcpVerdict {
    const verdict = this.#verdictOn(ends?.sourceAddress ?? '');
    if (verdict === 'accepted') return this.#begin(connection, ends) ? 'accepted' : 'busy';
    this.#host.noted(verdict);
    return verdict;
  }

  #verdictOn(address: string): TcpVerdict {
    const { allow } = this.#parts;
    if (this.#isClosed) return 'busy';
    if (allow !== null && !allow.has(address)) return 'not_allowed';
    return this.#host.judge(this, address);
  }

  /** False: the client takes nobody, and they have been cut. */
  #begin(connection: VisitorEnd, ends: ProxiedEnds | null): boolean {
    const head = this.#headFor(ends);
    const visitor = new TcpVisitor(connection, ends?.sourceAddress ?? '', this);
    this.#visitors.add(visitor);
    this.#host.visited(this, 1);
    if (!visitor.begin(this.client, this.name, head)) {
      this.#host.noted('busy');
      visitor.cut();
      return false;
    }
    this.connectionsTotal += 1;
    this.#host.noted('accepted');
    return true;
  }

  #refuse(socket: net.Socket, verdict: TcpVerdict): void {
    socket.on('error', () => {});
    socket.resetAndDestroy();
    this.#host.noted(verdict);
  }

  #headFor(ends: ProxiedEnds | null): Buffer | null {
    const version = this.#parts.proxyProtocol ?? this.#host.proxyProtocol;
    if (version === 'none') return null;
    return version === 'v1' ? formatProxyHeaderV1(ends) : formatProxyHeaderV2(ends);
  }
}
