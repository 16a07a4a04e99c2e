// The tunnels that a running Sluice itself opens for local servers. Rule: a reload that says nothing else of them leaves them open; what
// keeps them from being open is in the log and in the report, and never keeps Sluice from its other work.
import type { Config } from '../../config/config.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import { ControlGuard } from '../../services/rules/control-guard.ts';
import { controlAddresses, doorAddress } from '../doors/door-address.ts';
import type { ThreadLog } from '../threads/thread-log.ts';
import {
  type ClientEnd,
  exposeTunnels,
  type LocalVerdict,
  nameOfServer,
  type OpenedTunnel,
  type TunnelClient,
} from './expose-tunnels.ts';
import { endedReport, ExposedBoard, type ExposedReport } from './exposed-board.ts';
import { RequestDesk } from './request-desk.ts';
import type { RequestReport } from './request-report.ts';
import { type ServerChain, serverChain } from './server-chain.ts';
import type { Environment } from './server-way.ts';
import { readTunnelTokens } from './tunnel-tokens.ts';

export interface ClientDeskOptions {
  readonly dataDir: string;
  readonly env: Environment;
  readonly table: MemberTable;
  readonly log: ThreadLog;
}

interface Running {
  readonly client: TunnelClient;
  readonly chain: ServerChain | null;
  readonly board: ExposedBoard;
}

export class ClientDesk {
  readonly #options: ClientDeskOptions;
  #config: Config | null = null;
  #key = '';
  readonly #kept = new RequestDesk();
  #running: Running | null = null;
  /** Why there is nothing that runs, where there should be. */
  #fault: string | null = null;

  readonly #controls = new ControlGuard();
  #openControls: readonly string[] = [];

  constructor(options: ClientDeskOptions) {
    this.#options = options;
  }

  /** Where the doors of the control plane really listen: no visitor of a tunnel gets to them. */
  knowControlDoors(addresses: readonly string[]): void {
    this.#openControls = addresses;
    this.#nameControls();
  }

  #nameControls(): void {
    const configured = this.#config === null ? [] : controlAddresses(this.#config);
    this.#controls.replace([...configured, ...this.#openControls].flatMap(doorAddress));
  }

  follow(config: Config): void {
    const { client } = config.tunnels;
    this.#kept.keep(client.inspect);
    const token = client.tunnels.length === 0 ? null : this.#tokenFor(config);
    const key = JSON.stringify([
      { ...client, inspect: client.inspect === false },
      token,
      (client.via ?? []).map((name) => config.hops[name]),
    ]);
    this.#config = config;
    this.#nameControls();
    // What has ended is tried again: perhaps that was what the reload was for.
    if (key === this.#key && this.#running?.board.status !== 'ended' && this.#fault === null) return;
    this.#key = key;
    this.close();
    if (client.tunnels.length > 0) this.#open(config, token);
  }

  reports(): ExposedReport[] {
    const { server, tunnels } = this.#config?.tunnels.client ?? { server: '', tunnels: [] };
    const running = this.#running;
    if (running === null) return tunnels.map((tunnel) => endedReport(tunnel, server, this.#fault));
    return tunnels.map((tunnel) => running.board.report(tunnel, server, running.client));
  }

  /** The latest first; null: they are not kept. */
  requests(): RequestReport[] | null {
    return this.#kept.requests();
  }

  findRequest(id: number): RequestReport | null {
    return this.#kept.find(id);
  }

  forgetRequests(): void {
    this.#kept.forget();
  }

  /** Resolves with what came of it. */
  replay(id: number): Promise<RequestReport> {
    return this.#kept.replay(id, this.#running?.client ?? null);
  }

  close(): void {
    this.#running?.client.close();
    this.#running?.chain?.dispose();
    this.#running = null;
    this.#fault = null;
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
    const board = new ExposedBoard();
    try {
      const running: Running = {
        client: exposeTunnels(
          {
            server,
            token,
            tunnels,
            env,
            through,
            isPatient: true,
            refusalOf: (host, port) => this.#controls.refusalOf(host, port),
            ...(this.#kept.book !== null && { book: this.#kept.book }),
          },
          {
            connecting: () => {},
            opened: (opened) => this.#opened(board, opened),
            lost: (why, retryMs) => this.#lost(board, why, retryMs),
            request: (record) => board.request(record),
            ended: (end) => this.#ended(board, end),
            healthChanged: ({ name }, verdict) => this.#healthChanged(name, verdict),
          },
        ),
        chain,
        board,
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

  #opened(board: ExposedBoard, opened: readonly OpenedTunnel[]): void {
    board.opened(opened);
    for (const { url, tunnel } of opened)
      this.#options.log('info', { event: 'tunnel', tunnel: tunnel.name, url }, 'tunnel open');
  }

  #lost(board: ExposedBoard, why: string, retryMs: number): void {
    board.lost(why);
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

  #ended(board: ExposedBoard, end: ClientEnd): void {
    board.ended(end);
    this.#options.log('error', { event: 'tunnel', reason: board.why }, 'tunnels ended; a reload tries again');
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
