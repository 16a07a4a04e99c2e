// One TCP tunnel: a port of ours that leads to a local server. Rule: whoever may not connect is cut before the client hears of them.
import type { Buffer } from 'node:buffer';
import type net from 'node:net';
import { formatProxyHeaderV1, formatProxyHeaderV2 } from '../../codec/proxy-protocol/proxy-header.ts';
import { Acceptor } from '../../transport/accept.ts';
import { endsOf } from '../../transport/connection.ts';
import type { AddressRanges } from '../identity/address-ranges.ts';
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
  readonly #acceptor: Acceptor;
  readonly #visitors = new Set<TcpVisitor>();
  #isClosed = false;

  constructor(parts: TcpTunnelParts, host: TcpTunnelHost) {
    const { port, client } = parts;
    this.port = port;
    this.name = tunnelNameOfPort(port);
    this.client = client;
    this.address = host.address;
    this.#parts = parts;
    this.#host = host;
    this.#acceptor = new Acceptor({
      address: { host: host.address, port },
      onSocket: (socket) => this.#accepted(socket),
    });
  }

  get connections(): number {
    return this.#visitors.size;
  }

  get idleMs(): number {
    return this.#host.idleMs;
  }

  /** Rejects with the system's own error when the port cannot be had. */
  async listen(): Promise<void> {
    await this.#acceptor.listen();
    if (this.#isClosed) void this.#acceptor.stop();
  }

  /** Nobody comes any more; those who are there stay. */
  stop(): void {
    this.#isClosed = true;
    void this.#acceptor.stop();
  }

  /** Nobody comes any more, and those who are there are cut. */
  close(): void {
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
    if (verdict === 'accepted') this.#begin(socket);
    else this.#refuse(socket, verdict);
  }

  #verdictOn(address: string): TcpVerdict {
    const { allow } = this.#parts;
    if (this.#isClosed) return 'busy';
    if (allow !== null && !allow.has(address)) return 'not_allowed';
    return this.#host.judge(this, address);
  }

  #begin(socket: net.Socket): void {
    const head = this.#headFor(socket);
    const visitor = new TcpVisitor(socket, this);
    this.#visitors.add(visitor);
    this.#host.visited(this, 1);
    if (!visitor.begin(this.client, this.name, head)) {
      this.#host.noted('busy');
      visitor.cut();
      return;
    }
    this.connectionsTotal += 1;
    this.#host.noted('accepted');
  }

  #refuse(socket: net.Socket, verdict: TcpVerdict): void {
    socket.on('error', () => {});
    socket.resetAndDestroy();
    this.#host.noted(verdict);
  }

  #headFor(socket: net.Socket): Buffer | null {
    const version = this.#parts.proxyProtocol ?? this.#host.proxyProtocol;
    if (version === 'none') return null;
    const ends = endsOf(socket);
    return version === 'v1' ? formatProxyHeaderV1(ends) : formatProxyHeaderV2(ends);
  }
}
