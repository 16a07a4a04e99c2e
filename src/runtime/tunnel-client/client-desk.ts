// The tunnels that a running Sluice itself opens for local servers. Rule: a reload that says nothing else of them leaves them open; what
// keeps them from being open is in the log and in the report, and never keeps Sluice from its other work.
import type { Config } from '../../config/config.ts';
import type { InspectConfig } from '../../config/schema/tunnel-client.ts';
import { SluiceError } from '../../core/errors.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import { hindrance } from '../../services/tunnel-client/replay.ts';
import { type BookEntry, RequestBook } from '../../services/tunnel-client/request-book.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import {
  type ClientEnd,
  exposeTunnels,
  type LocalVerdict,
  nameOfServer,
  type OpenedTunnel,
  type TunnelClient,
} from './expose-tunnels.ts';
import { type RequestReport, requestReport } from './request-report.ts';
import { type ServerChain, serverChain } from './server-chain.ts';
import type { Environment } from './server-way.ts';
import { readTunnelTokens } from './tunnel-tokens.ts';

export interface ClientDeskOptions {
  readonly dataDir: string;
  readonly env: Environment;
  readonly table: MemberTable;
  readonly log: ThreadLog;
}

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

interface Running {
  readonly client: TunnelClient;
  readonly chain: ServerChain | null;
  readonly counts: ReadonlyMap<string, Counts>;
  opened: readonly OpenedTunnel[];
  status: ExposedReport['status'];
  why: string | null;
}

export class ClientDesk {
  readonly #options: ClientDeskOptions;
  #config: Config | null = null;
  #key = '';
  #book: RequestBook | null = null;
  #running: Running | null = null;
  /** Why there is nothing that runs, where there should be. */
  #fault: string | null = null;

  constructor(options: ClientDeskOptions) {
    this.#options = options;
  }

  follow(config: Config): void {
    const { client } = config.tunnels;
    this.#keep(client.inspect);
    const token = client.tunnels.length === 0 ? null : this.#tokenFor(config);
    const key = JSON.stringify([
      { ...client, inspect: client.inspect === false },
      token,
      (client.via ?? []).map((name) => config.hops[name]),
    ]);
    this.#config = config;
    // What has ended is tried again: perhaps that was what the reload was for.
    if (key === this.#key && this.#running?.status !== 'ended' && this.#fault === null) return;
    this.#key = key;
    this.close();
    if (client.tunnels.length > 0) this.#open(config, token);
  }

  reports(): ExposedReport[] {
    const { server, tunnels } = this.#config?.tunnels.client ?? { server: '', tunnels: [] };
    const running = this.#running;
    return tunnels.map(({ name, local_host: host, local_port: port }): ExposedReport => {
      const counts = running?.counts.get(name) ?? { requests: 0, bytesIn: 0, bytesOut: 0 };
      const url = running?.opened.find(({ tunnel }) => tunnel.name === name)?.url ?? null;
      const status = running?.status ?? 'ended';
      const health = running?.client.healthOf(name) ?? null;
      const why = running?.why ?? this.#fault;
      return { name, server, local: `${host}:${port}`, status, url, why, health, ...counts };
    });
  }

  /** The latest first; null: they are not kept. */
  requests(): RequestReport[] | null {
    return this.#book?.entries().map((entry) => this.#report(entry)) ?? null;
  }

  findRequest(id: number): RequestReport | null {
    const entry = this.#book?.find(id) ?? null;
    return entry === null ? null : this.#report(entry);
  }

  forgetRequests(): void {
    this.#book?.clear();
  }

  /** Resolves with what came of it. */
  async replay(id: number): Promise<RequestReport> {
    const entry = this.#book?.find(id) ?? null;
    if (entry === null || this.#book === null)
      throw new SluiceError('not_found', { message: `There is no request ${id}.` });
    const client = this.#running?.client;
    const why = client === undefined ? 'there are no tunnels any more' : hindrance(entry);
    if (client === undefined || why !== null)
      throw new SluiceError('invalid_input', { message: `Request ${id} cannot be asked again: ${why}.` });
    return this.#report(await client.replay(entry, this.#book));
  }

  close(): void {
    this.#running?.client.close();
    this.#running?.chain?.dispose();
    this.#running = null;
    this.#fault = null;
  }

  #keep(inspect: InspectConfig | false): void {
    if (inspect === false) {
      this.#book = null;
      return;
    }
    const limits = { requests: inspect.requests, bodyBytes: inspect.max_body };
    if (this.#book === null) this.#book = new RequestBook(limits);
    else this.#book.keep(limits);
  }

  #report(entry: BookEntry): RequestReport {
    const { inspect } = this.#config?.tunnels.client ?? { inspect: false };
    return requestReport(entry, inspect !== false && inspect.show_secrets);
  }

  #tokenFor({ tunnels: { client } }: Config): string | null {
    if (client.auth_token !== null) return client.auth_token;
    try {
      return readTunnelTokens(this.#options.dataDir).tokens[nameOfServer(client.server)] ?? null;
    } catch (error) {
      this.#options.log('error', { reason: textOf(error) }, 'the saved tokens for tunnels cannot be read');
      return null;
    }
  }

  #open(config: Config, token: string | null): void {
    const { client } = config.tunnels;
    const { env, table } = this.#options;
    if (token === null) {
      const how = `set tunnels.client.auth_token, or: sluice register --server ${client.server}`;
      this.#fail(`there is no token for ${client.server}: ${how}`);
      return;
    }
    const chain = (client.via ?? []).length === 0 ? null : serverChain(config, client.via ?? [], table);
    const through = client.via === null ? 'environment' : chain;
    const { server, tunnels } = client;
    const counts = new Map(tunnels.map(({ name }) => [name, { requests: 0, bytesIn: 0, bytesOut: 0 }]));
    try {
      const running: Running = {
        client: exposeTunnels(
          { server, token, tunnels, env, through, isPatient: true, ...(this.#book !== null && { book: this.#book }) },
          {
            connecting: () => {},
            opened: (opened) => this.#opened(running, opened),
            lost: (why, retryMs) => this.#lost(running, why, retryMs),
            request: ({ tunnel, bytesIn, bytesOut }) => count(counts.get(tunnel.name), bytesIn, bytesOut),
            ended: (end) => this.#ended(running, end),
            healthChanged: ({ name }, verdict) => this.#healthChanged(name, verdict),
          },
        ),
        chain,
        counts,
        opened: [],
        status: 'connecting',
        why: null,
      };
      this.#running = running;
      running.client.start();
    } catch (error) {
      chain?.dispose();
      this.#fail(textOf(error));
    }
  }

  #fail(why: string): void {
    this.#fault = why;
    this.#options.log('error', { event: 'tunnel', reason: why }, 'tunnels not opened');
  }

  #opened(running: Running, opened: readonly OpenedTunnel[]): void {
    running.opened = opened;
    running.status = 'online';
    running.why = null;
    for (const { url, tunnel } of opened)
      this.#options.log('info', { event: 'tunnel', tunnel: tunnel.name, url }, 'tunnel open');
  }

  #lost(running: Running, why: string, retryMs: number): void {
    running.opened = [];
    running.status = 'connecting';
    running.why = why;
    this.#options.log(
      'warn',
      { event: 'tunnel', reason: why, retry_ms: retryMs },
      'tunnel server not reached, trying again',
    );
  }

  #healthChanged(name: string, { state, why }: LocalVerdict): void {
    const { log } = this.#options;
    if (state === 'unhealthy')
      log('warn', { event: 'health', tunnel: name, reason: why }, 'local server unhealthy, visitors are turned away');
    else log('info', { event: 'health', tunnel: name }, 'local server healthy again');
  }

  #ended(running: Running, { code, why }: ClientEnd): void {
    running.opened = [];
    running.status = 'ended';
    running.why = code === null ? why : `${why} (${code})`;
    this.#options.log('error', { event: 'tunnel', reason: running.why }, 'tunnels ended; a reload tries again');
  }
}

function count(counts: Counts | undefined, bytesIn: number, bytesOut: number): void {
  if (counts === undefined) return;
  counts.requests += 1;
  counts.bytesIn += bytesIn;
  counts.bytesOut += bytesOut;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
