// TCP tunnels as the configuration has them, with their numbers. Rule: they live on the main thread, where the clients are.
import type { Config } from '../../config/config.ts';
import type { ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import type { VisitorEnd } from '../../services/tunnels/link-stream.ts';
import type { VisitAnswer } from '../../services/tunnels/node-link.ts';
import type { PortDoors } from '../../services/tunnels/port-doors.ts';
import {
  type PortClaims,
  type TcpOpened,
  type TcpReport,
  TcpTunnels,
  type TcpWish,
} from '../../services/tunnels/tcp-tunnels.ts';
import type { TlsTunnelsEvents } from '../../services/tunnels/tls-tunnels.ts';
import type { TunnelLink } from '../../services/tunnels/tunnel-link.ts';
import type { TunnelPortRow } from '../../state/tunnel-ports.ts';
import type { PortBook } from '../../services/tunnels/port-leases.ts';
import type { NameUse } from '../../services/tunnels/tunnel-registry.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { type TcpTunnelFamilies, tcpTunnelFamilies } from '../../telemetry/tcp-tunnel-families.ts';

export interface TcpTunnelReport {
  readonly port: number;
  readonly connections: number;
  readonly connectionsTotal: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export type TcpDeskReport = Omit<TcpReport, 'tunnel' | 'port'> & {
  readonly tcp: TcpTunnelReport;
  readonly use: NameUse;
  readonly session: TunnelLink | null;
};

export class TcpDesk {
  readonly #recorder: MetricsRecorder;
  readonly #tunnels: TcpTunnels;
  #families: TcpTunnelFamilies | null = null;
  /** What is counted, of tunnels of TLS alike. */
  readonly events: TlsTunnelsEvents = {
    noted: (verdict) => this.#add(this.#families?.connections(verdict), 1),
    counted: (direction, bytes) =>
      this.#add(direction === 'in' ? this.#families?.bytesIn : this.#families?.bytesOut, bytes),
  };

  constructor(recorder: MetricsRecorder, nodes?: PortClaims) {
    this.#recorder = recorder;
    this.#tunnels = new TcpTunnels({
      now: Date.now,
      ...(nodes !== undefined && { nodes }),
      ...this.events,
      changed: (tunnels, connections) => {
        if (this.#families === null) return;
        recorder.slots[this.#families.tunnels] = tunnels;
        recorder.slots[this.#families.open] = connections;
      },
    });
  }

  configure({ tunnels: { server }, timeouts }: Config): void {
    const { tcp } = server;
    const ports = server.enabled ? server.tcp_ports : null;
    if (server.enabled) this.#families ??= tcpTunnelFamilies(this.#recorder);
    this.#tunnels.configure({
      ports,
      address: tcp.listen,
      publicHost: tcp.host ?? server.domain,
      portsPerAccount: tcp.ports_per_account,
      holdMs: server.hold,
      connections: tcp.connections,
      connectionsPerAccount: tcp.connections_per_account,
      proxyProtocol: tcp.proxy_protocol,
      allow: tcp.allow,
      idleMs: timeouts.tunnel_idle,
    });
  }

  get doors(): PortDoors {
    return this.#tunnels.doors;
  }

  /** Those whose clients are here. */
  ports(): number[] {
    return this.#tunnels.ports();
  }

  placeOf(port: number): string | null {
    return this.#tunnels.placeOf(port);
  }

  bring(name: string, connection: VisitorEnd, ends: ProxiedEnds | null): VisitAnswer {
    return this.#tunnels.bring(name, connection, ends);
  }

  giveWay(port: number, why: 'replaced' | 'removed'): void {
    this.#tunnels.giveWay(port, why);
  }

  /** Of other nodes: those that are open here, and those that cannot be had. */
  countPorts(open: number, missing: number): void {
    if (this.#families === null) return;
    this.#recorder.slots[this.#families.nodePorts('open')] = open;
    this.#recorder.slots[this.#families.nodePorts('unavailable')] = missing;
  }

  keepIn(book: PortBook | null): void {
    this.#tunnels.keepIn(book);
  }

  heard(port: number, row: TunnelPortRow | null): void {
    this.#tunnels.heard(port, row);
  }

  open(wish: TcpWish, client: TunnelLink): Promise<TcpOpened> {
    return this.#tunnels.open(wish, client);
  }

  /** How many visitors there are. */
  get connections(): number {
    return this.#tunnels.connections;
  }

  /** Nobody comes any more. Resolves when those who are there have gone. */
  drain(): Promise<void> {
    return this.#tunnels.drain();
  }

  release(client: TunnelLink): void {
    this.#tunnels.release(client);
  }

  remove(name: string): boolean {
    return this.#tunnels.remove(name);
  }

  reports(): TcpDeskReport[] {
    return this.#tunnels.reports().map(({ tunnel, port, ...report }) => {
      const tcp = {
        port,
        connections: tunnel?.connections ?? 0,
        connectionsTotal: tunnel?.connectionsTotal ?? 0,
        bytesReceived: tunnel?.bytesIn ?? 0,
        bytesSent: tunnel?.bytesOut ?? 0,
      };
      const { connectionsTotal: streams, bytesReceived: bytesIn, bytesSent: bytesOut } = tcp;
      const use = { streams, bytesIn, bytesOut, reconnects: 0 };
      return { ...report, tcp, use, session: tunnel?.client ?? null };
    });
  }

  #add(slot: number | undefined, count: number): void {
    if (slot !== undefined) this.#recorder.slots[slot] = (this.#recorder.slots[slot] ?? 0) + count;
  }
}
