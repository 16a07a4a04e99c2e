// A door of the tunnel server: that of its clients, the unix socket by which the threads pass exchanges on, or that of other nodes. Rule: what comes
// by the latter two has been judged by a gateway already, so nothing there is bounded by time but what has lost its client.
import type { Config } from '../../config/config.ts';
import type { Timeouts } from '../../contract/bounds.ts';
import type { Target } from '../../contract/target.ts';
import { parseAddress } from '../../core/address.ts';
import { compile } from '../../engine/compile.ts';
import type net from 'node:net';
import type { Policy } from '../../contract/policy.ts';
import { Engine, type EngineLimits } from '../../engine/engine.ts';
import { originDialler } from '../../engine/origin-dialler.ts';
import type { Dial } from '../../engine/origin-pool.ts';
import type { RouteSpec } from '../../engine/program.ts';
import type { RouteMatch } from '../../engine/router.ts';
import { Traffic } from '../../engine/traffic.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { ListenAddress } from '../../transport/accept.ts';
import { createServerContexts } from '../../transport/tls-context.ts';
import { engineTimeouts } from '../assemble/assemble-bounds.ts';
import { engineLimits } from '../assemble/assemble.ts';
import { ConfiguredDns } from '../assemble/configured-dns.ts';
import type { DoorStatus } from '../doors/door.ts';
import { listenError } from '../doors/listen-error.ts';
import { serverTls } from '../assemble/pem-files.ts';
import { HttpListener, type HttpSettings } from '../registry.ts';
import type { ThreadLog } from '../threads/thread-log.ts';

export interface TunnelDoorRoute {
  readonly name: string;
  readonly path: string;
  /** What is asked for has to say so in these fields. */
  readonly fields?: RouteMatch['fields'];
  readonly target: Target;
  readonly policies?: readonly Policy[];
}

export interface TunnelDoorOptions {
  readonly door: 'tunnels' | 'inner' | 'nodes';
  /** As it stands in the configuration; null: it is the socket. */
  readonly listen: string | null;
  readonly path: string | null;
  readonly routes: readonly TunnelDoorRoute[];
  /** null: the gateway has counted what comes. */
  readonly recorder: MetricsRecorder | null;
  readonly log: ThreadLog;
  readonly ticketKeys: Buffer;
  /** Who comes has to prove something first. */
  readonly admit?: (socket: net.Socket, first: Buffer | null, engine: Engine) => void;
  /** Connections to other nodes begin with something of ours. */
  readonly dialOver?: (dial: Dial) => Dial;
}

/** As they stand in the configuration. */
const KEYS = { tunnels: 'tunnels.server', inner: 'tunnels.server', nodes: 'process.node' } as const;

const DAY_MS = 86_400_000;
const SOCKET_CAPACITY = 4096;

export class TunnelDoor {
  readonly listen: string | null;
  readonly #options: TunnelDoorOptions;
  readonly #engine: Engine;
  readonly #listener: HttpListener;
  readonly #names = new ConfiguredDns();

  constructor(config: Config, options: TunnelDoorOptions) {
    const { door, listen, recorder, log, admit } = options;
    this.listen = listen;
    this.#options = options;
    const traffic = new Traffic({
      door,
      recorder: recorder ?? new MetricsRecorder({ capacity: SOCKET_CAPACITY }),
      accessLog: null,
    });
    this.#engine = new Engine({
      program: compile([options.routes.map((route) => this.#spec(route))], traffic),
      limits: this.#limits(config),
      timeouts: this.#timeouts(config),
      traffic,
      dial: this.#dial(config),
      onFault: (cause) => log('error', { err: cause, door }, 'an exchange failed inside Sluice'),
    });
    this.#engine.http2InTheClear = false;
    this.#listener = new HttpListener({
      address: addressOf(options),
      maxConnections: isOfGateways(options) ? Number.MAX_SAFE_INTEGER : config.limits.connections,
      reusePort: false,
      serving: {
        serveHttp1: (socket, first) => {
          if (admit === undefined) this.#engine.serve(socket, first, '');
          else admit(socket, first, this.#engine);
        },
        serveHttp2: (socket) => socket.destroy(),
        refused: () => traffic.refused(),
        handshakeEnded: () => {},
      },
      settings: settingsOf(config, options),
    });
  }

  async start(): Promise<void> {
    try {
      await this.#listener.start();
    } catch (cause) {
      throw listenError(`${KEYS[this.#options.door]}.listen`, this.listen ?? this.#options.path ?? '', cause);
    }
  }

  configure(config: Config): void {
    this.#engine.configure(this.#limits(config), this.#timeouts(config), this.#dial(config));
    this.#listener.configure(settingsOf(config, this.#options));
  }

  #dial(config: Config): Dial {
    const dial = originDialler(config.timeouts.connect, this.#names.of(config).cache);
    return this.#options.dialOver?.(dial) ?? dial;
  }

  status(): DoorStatus {
    return {
      name: this.#options.door === 'nodes' ? 'nodes' : 'tunnels',
      address: this.#listener.url,
      openConnections: this.#listener.connections,
    };
  }

  stop(): void {
    this.#listener.stop();
  }

  drain(): Promise<void> {
    return this.#engine.drain();
  }

  close(): Promise<void> {
    this.#listener.stop();
    this.#engine.close();
    return this.#engine.untilEmpty();
  }

  #spec({ name, path, target, policies = [], fields = [] }: TunnelDoorRoute): RouteSpec {
    // Over the socket a gateway that has let go has lost its visitor.
    const gone = { name: 'tunnel-bounds', bounds: { halfIsGone: true } };
    return { name, match: { hosts: [], path, methods: [], fields, query: [] }, policies: [gone, ...policies], target };
  }

  #limits(config: Config): EngineLimits {
    const limits = engineLimits(config);
    if (!isOfGateways(this.#options)) return limits;
    const { request } = limits;
    // Our own fields come on top of what a visitor may send.
    const room = { maxHeadBytes: request.maxHeadBytes + 8192, maxFields: request.maxFields + 16 };
    return { ...limits, request: { ...request, ...room }, maxBodyBytes: Number.MAX_SAFE_INTEGER };
  }

  #timeouts(config: Config): Timeouts {
    const timeouts = engineTimeouts(config);
    if (!isOfGateways(this.#options)) return timeouts;
    return {
      ...timeouts,
      headersMs: DAY_MS,
      readMs: DAY_MS,
      writeMs: DAY_MS,
      idleMs: DAY_MS,
      tunnelIdleMs: DAY_MS,
      totalMs: 0,
    };
  }
}

/** Throws where a certificate does not fit its key, before anything has changed. */
export function checkTunnelTls(config: Config, ticketKeys: Buffer): void {
  const { tls } = config.tunnels.server;
  if (tls !== null) createServerContexts(serverTls(tls, ticketKeys));
}

function isOfGateways({ door }: TunnelDoorOptions): boolean {
  return door !== 'tunnels';
}

function settingsOf(config: Config, { door, listen, ticketKeys }: TunnelDoorOptions): HttpSettings {
  const tls = door === 'nodes' ? (config.process.node?.tls ?? null) : config.tunnels.server.tls;
  const options = tls === null || listen === null ? null : serverTls(tls, ticketKeys);
  return { tls: options, http2: false, proxyPeers: [], proxyTimeoutMs: 0 };
}

function addressOf({ listen, path }: TunnelDoorOptions): ListenAddress {
  if (path !== null) return { path };
  const address = parseAddress(listen ?? '', { host: '' });
  if (address.kind === 'unix') return { path: address.path };
  if (address.kind === 'invalid') throw new Error(`${listen} is not an address: ${address.reason}`);
  return { host: address.host === '' ? '::' : address.host, port: address.port };
}
