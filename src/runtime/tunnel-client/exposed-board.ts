// How the tunnels of one client do, for reports. Rule: it is told of everything that happens, and changes nothing.
import type { ClientTunnel } from '../../config/schema/tunnel-client.ts';
import type { ClientEnd, LocalVerdict, OpenedTunnel, RequestRecord, TunnelClient } from './expose-tunnels.ts';

export interface ExposedReport {
  readonly name: string;
  readonly server: string;
  readonly local: string;
  readonly status: 'connecting' | 'online' | 'ended';
  /** While it is online. */
  readonly url: string | null;
  /** Why it is not online; null: it is, or was never lost. */
  readonly why: string | null;
  /** What checks of the local server have found; null: there are none. */
  readonly health: LocalVerdict | null;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

interface Counts {
  requests: number;
  bytesIn: number;
  bytesOut: number;
}

export class ExposedBoard {
  status: ExposedReport['status'] = 'connecting';
  /** Why it is not online. */
  why: string | null = null;
  readonly #counts = new Map<string, Counts>();
  #opened: readonly OpenedTunnel[] = [];

  opened(opened: readonly OpenedTunnel[]): void {
    this.#opened = opened;
    this.status = 'online';
    this.why = null;
  }

  lost(why: string): void {
    this.#opened = [];
    this.status = 'connecting';
    this.why = why;
  }

  ended({ code, why }: ClientEnd): void {
    this.#opened = [];
    this.status = 'ended';
    this.why = code === null ? why : `${why} (${code})`;
  }

  request({ tunnel: { name }, bytesIn, bytesOut }: Pick<RequestRecord, 'tunnel' | 'bytesIn' | 'bytesOut'>): void {
    const before = this.#counts.get(name) ?? { requests: 0, bytesIn: 0, bytesOut: 0 };
    this.#counts.set(name, {
      requests: before.requests + 1,
      bytesIn: before.bytesIn + bytesIn,
      bytesOut: before.bytesOut + bytesOut,
    });
  }

  report(tunnel: ClientTunnel, server: string, client: Pick<TunnelClient, 'healthOf'>): ExposedReport {
    const { name, local_host: host, local_port: port } = tunnel;
    const counts = this.#counts.get(name) ?? { requests: 0, bytesIn: 0, bytesOut: 0 };
    const url = this.#opened.find((each) => each.tunnel.name === name)?.url ?? null;
    const { status, why } = this;
    return { name, server, local: `${host}:${port}`, status, url, why, health: client.healthOf(name), ...counts };
  }
}

/** Of a tunnel for which nothing runs. */
export function endedReport(
  { name, local_host, local_port }: ClientTunnel,
  server: string,
  why: string | null,
): ExposedReport {
  const counts = { requests: 0, bytesIn: 0, bytesOut: 0 };
  return {
    name,
    server,
    local: `${local_host}:${local_port}`,
    status: 'ended',
    url: null,
    why,
    health: null,
    ...counts,
  };
}
