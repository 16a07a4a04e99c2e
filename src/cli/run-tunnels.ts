// Runs tunnels in the foreground until a signal, or the server, ends them. Rule: stdout is for data: the addresses and nothing else where
// it is no terminal, one JSON object a line where that is asked for; on a terminal a panel.

import type { ClientTunnel, InspectConfig } from '../config/schema/tunnel-client.ts';
import type { Inspector } from '../control/tunnel-inspector.ts';
import { SluiceError } from '../core/errors.ts';
import { controlRefusals } from '../runtime/control-refusals.ts';
import {
  type ClientEnd,
  type ExposedTunnel,
  exposeTunnels,
  type LocalVerdict,
  type OpenedTunnel,
  type RequestRecord,
  type Through,
  type TunnelClient,
} from '../runtime/tunnel-client/expose-tunnels.ts';
import { ExposedBoard } from '../runtime/tunnel-client/exposed-board.ts';
import { RequestDesk } from '../runtime/tunnel-client/request-desk.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import type { InspectWish } from './inspect-flag.ts';
import { painter, printable } from './terminal.ts';
import { type PanelView, TunnelPanel } from './tunnel-panel.ts';
import { TunnelTally } from './tunnel-tally.ts';

const TELL_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** How much is told on stderr where there is no panel. */
export type TellLevel = (typeof TELL_LEVELS)[number];

export interface RunTunnels {
  readonly server: string;
  readonly token: string;
  readonly tunnels: readonly ClientTunnel[];
  /** Of the Sluice whose control plane nobody is to get to by them. */
  readonly dataDir: string;
  readonly through: Through;
  readonly json: boolean;
  /** Also before the first success. */
  readonly isPatient: boolean;
  readonly tries?: number;
  readonly logLevel?: TellLevel;
  /** What is kept of requests, and where they are looked into. */
  readonly inspect: InspectConfig | false;
  readonly inspectAt: InspectWish;
}

/** Resolves with the exit code; rejects with a SluiceError where the server ended it. */
export async function runTunnels(context: CliContext, options: RunTunnels): Promise<number> {
  const refusalOf = controlRefusals(options.dataDir);
  for (const { local_host: host, local_port: port } of options.tunnels) {
    const refusal = refusalOf(host, port);
    if (refusal !== null) throw refusal;
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const teller = tellerFor(context, options);
  const board = new ExposedBoard();
  const desk = new RequestDesk();
  const isInspected =
    options.inspectAt !== 'off' &&
    (options.inspectAt !== 'usual' || (teller.tellsInspector && options.inspect !== false));
  if (isInspected) desk.keep(options.inspect);
  const client = exposeTunnels(
    { ...options, env: context.env, refusalOf, ...(desk.book !== null && { book: desk.book }) },
    {
      connecting: (attempt) => teller.connecting(attempt),
      opened: (opened) => {
        board.opened(opened);
        teller.opened(opened);
      },
      lost: (why, retryMs) => {
        board.lost(why);
        teller.lost(why, retryMs);
      },
      request: (record) => {
        board.request(record);
        teller.request(record);
      },
      healthChanged: (tunnel, verdict) => teller.healthChanged(tunnel, verdict),
      ended: (end) => reject(errorOf(end, options.server)),
    },
  );
  const inspector = isInspected ? await inspectorFor({ client, board, desk }, options) : null;
  const stop = (signal: NodeJS.Signals): void => {
    client.close();
    resolve(signal === 'SIGINT' ? EXIT.interrupted : EXIT.success);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  teller.begin(client);
  if (inspector !== null) teller.inspected(inspector);
  client.start();
  try {
    return await promise;
  } finally {
    client.close();
    await inspector?.close();
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    teller.close();
  }
}

interface Inspected {
  readonly client: TunnelClient;
  readonly board: ExposedBoard;
  readonly desk: RequestDesk;
}

async function inspectorFor({ client, board, desk }: Inspected, options: RunTunnels): Promise<Inspector> {
  // Most of what it stands on is loaded with its first request.
  const { openInspector } = await import('../control/tunnel-inspector.ts');
  const { inspectAt, tunnels, server } = options;
  return openInspector(typeof inspectAt === 'string' ? null : inspectAt.listen, {
    reports: () => tunnels.map((tunnel) => board.report(tunnel, server, client)),
    requests: () => desk.requests(),
    findRequest: (id) => desk.find(id),
    forgetRequests: () => desk.forget(),
    replay: (id) => desk.replay(id, client),
  });
}

function errorOf({ kind, code, why }: ClientEnd, server: string): SluiceError {
  const said = `${printable(why)}${code === null ? '' : ` (${printable(code)})`}`;
  if (kind === 'usage') return new SluiceError('usage', { message: `The tunnel server ${server}: ${said}` });
  if (kind === 'refused')
    return new SluiceError('tunnel_refused', { message: `The tunnel server ${server} refuses: ${said}` });
  return new SluiceError('tunnel_unreachable', { message: `The tunnel server ${server} cannot be used: ${said}` });
}

interface Teller {
  /** Whoever looks sees where the inspector is, also when nobody has asked for it. */
  readonly tellsInspector: boolean;
  inspected(inspector: Inspector): void;
  begin(client: TunnelClient): void;
  connecting(attempt: number): void;
  opened(opened: readonly OpenedTunnel[]): void;
  lost(why: string, retryMs: number): void;
  request(record: RequestRecord): void;
  healthChanged(tunnel: ExposedTunnel, verdict: LocalVerdict): void;
  close(): void;
}

function tellerFor(context: CliContext, { json, server, logLevel = 'warn' }: RunTunnels): Teller {
  if (json) return new JsonTeller(context);
  return context.stdout.isTTY === true ? new PanelTeller(context, server) : new PlainTeller(context, logLevel);
}

class PlainTeller implements Teller {
  readonly tellsInspector = false;
  readonly #context: CliContext;
  /** An address is printed once, however often it comes back. */
  readonly #printed = new Set<string>();
  readonly #level: number;

  constructor(context: CliContext, level: TellLevel) {
    this.#context = context;
    this.#level = TELL_LEVELS.indexOf(level);
  }

  begin(): void {}

  inspected({ url, token }: Inspector): void {
    this.#context.stderr.write(`sluice: requests are at ${url}/api/v1/tunnels/requests, token ${token}\n`);
  }

  connecting(attempt: number): void {
    this.#say('debug', `connecting, attempt ${attempt}`);
  }

  opened(opened: readonly OpenedTunnel[]): void {
    const isBack = this.#printed.size > 0;
    for (const { url } of opened) {
      if (!this.#printed.has(url)) this.#context.stdout.write(`${printable(url)}\n`);
      this.#printed.add(url);
    }
    this.#say(isBack ? 'warn' : 'info', isBack ? 'the tunnel is open again' : 'the tunnel is open');
  }

  lost(why: string, retryMs: number): void {
    this.#say('warn', `${why}; trying again in ${(retryMs / 1000).toFixed(1)} s`);
  }

  request({ tunnel, method, path, status, durationMs }: RequestRecord): void {
    this.#say('debug', `${tunnel.name}: ${method} ${path} ${status}, ${durationMs.toFixed(1)} ms`);
  }

  healthChanged({ name }: ExposedTunnel, { state, why }: LocalVerdict): void {
    const found = state === 'unhealthy' ? `unhealthy, visitors are turned away: ${why}` : 'healthy again';
    this.#say('warn', `${name}: the local server is ${found}`);
  }

  close(): void {}

  #say(level: TellLevel, words: string): void {
    if (TELL_LEVELS.indexOf(level) <= this.#level) this.#context.stderr.write(`sluice: ${printable(words)}\n`);
  }
}

class JsonTeller implements Teller {
  readonly tellsInspector = true;
  readonly #context: CliContext;

  constructor(context: CliContext) {
    this.#context = context;
  }

  begin(): void {}

  inspected({ url, token }: Inspector): void {
    this.#say({ event: 'inspect', url, token });
  }

  connecting(attempt: number): void {
    this.#say({ event: 'connecting', attempt });
  }

  opened(opened: readonly OpenedTunnel[]): void {
    for (const { url, tunnel } of opened) {
      const { name, protocol, localHost, localPort } = tunnel;
      this.#say({ event: 'open', name, protocol, url, local_host: localHost, local_port: localPort });
    }
  }

  lost(why: string, retryMs: number): void {
    this.#say({ event: 'lost', why, retry_ms: retryMs });
  }

  request({ tunnel, method, path, status, durationMs, bytesIn, bytesOut }: RequestRecord): void {
    const duration = Math.round(durationMs * 10) / 10;
    const record = { event: 'request', name: tunnel.name, method, path, status, duration_ms: duration };
    this.#say({ ...record, bytes_in: bytesIn, bytes_out: bytesOut });
  }

  healthChanged({ name }: ExposedTunnel, { state, why }: LocalVerdict): void {
    this.#say({ event: state, name, why });
  }

  close(): void {}

  #say(event: object): void {
    this.#context.stdout.write(
      `${JSON.stringify({ schema: 'sluice.tunnel-event/v1', time: new Date().toISOString(), ...event })}\n`,
    );
  }
}

class PanelTeller implements Teller {
  readonly tellsInspector = true;
  readonly #context: CliContext;
  readonly #server: string;
  readonly #tally = new TunnelTally();
  #client: TunnelClient | null = null;
  #panel: TunnelPanel | null = null;
  #status: PanelView['status'] = 'connecting';
  #remark = '';
  #inspector: Inspector | null = null;
  #tunnels: readonly OpenedTunnel[] = [];

  constructor(context: CliContext, server: string) {
    this.#context = context;
    this.#server = server;
  }

  begin(client: TunnelClient): void {
    const { stdout, env } = this.#context;
    this.#client = client;
    this.#panel = new TunnelPanel(stdout, () => this.#view(), painter(stdout, env));
  }

  inspected(inspector: Inspector): void {
    this.#inspector = inspector;
    this.#panel?.repaint();
  }

  connecting(attempt: number): void {
    if (attempt > 1) this.#status = 'reconnecting';
  }

  opened(opened: readonly OpenedTunnel[]): void {
    this.#tunnels = opened;
    this.#status = 'online';
    this.#remark = '';
    this.#panel?.repaint();
  }

  lost(why: string, retryMs: number): void {
    this.#status = 'reconnecting';
    this.#remark = `${why}; again in ${(retryMs / 1000).toFixed(1)} s`;
  }

  request(record: RequestRecord): void {
    this.#tally.add(record);
  }

  healthChanged(): void {
    this.#panel?.repaint();
  }

  close(): void {
    this.#panel?.close();
  }

  #unhealthy(): Map<string, string> {
    const found = this.#tunnels.map(({ tunnel: { name } }) => [name, this.#client?.healthOf(name)] as const);
    return new Map(
      found.flatMap(([name, verdict]) => (verdict?.state === 'unhealthy' ? [[name, verdict.why ?? '']] : [])),
    );
  }

  #view(): PanelView {
    return {
      status: this.#status,
      remark: this.#remark,
      server: this.#server,
      inspector: this.#inspector,
      tunnels: this.#tunnels,
      unhealthy: this.#unhealthy(),
      roundTripMs: this.#client?.stats?.roundTripMs ?? null,
      connections: this.#client?.streamCount ?? 0,
      tally: this.#tally.view(),
    };
  }
}
