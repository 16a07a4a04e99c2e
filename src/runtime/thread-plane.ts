// The data path of one thread: its engine and the listeners that feed it. With one thread it runs on the main one, with more
// each worker has one. Rule: `apply` prepares everything that can fail before it changes anything.
import { parseAddress } from '../core/address.ts';
import { parseIpRange } from '../core/ip.ts';
import type { Config } from '../config/config.ts';
import type { GatewayListen } from '../config/schema/gateway.ts';
import { compile } from '../engine/compile.ts';
import { Engine } from '../engine/engine.ts';
import { originDialler } from '../engine/origin-dialler.ts';
import { Program } from '../engine/program.ts';
import { Traffic } from '../engine/traffic.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import type { ListenAddress } from '../transport/accept.ts';
import { proveRawIo } from '../transport/raw-io.ts';
import { createServerContexts } from '../transport/tls-context.ts';
import { engineLimits, engineTimeouts, gatewayLayers } from './assemble.ts';
import type { DoorStatus } from './door.ts';
import { listenError } from './listen-error.ts';
import { serverTls } from './pem-files.ts';
import { HttpListener, type HttpServing, type HttpSettings } from './registry.ts';
import type { BoundPorts } from './worker-messages.ts';

export interface ThreadContext {
  readonly recorder: MetricsRecorder;
  readonly accessLog: AccessLog | null;
  /** The same in every worker, so that a TLS session begun with one is resumed by another. */
  readonly ticketKeys: Buffer;
  /** How many threads share the doors. */
  readonly threads: number;
}

/** A listener, the address that it was configured with, and how it is to behave. */
interface OpenListener {
  readonly address: string;
  readonly listener: HttpListener;
  readonly settings: HttpSettings;
}

interface Plan {
  readonly program: Program;
  /** In the order of the configuration. */
  readonly listeners: OpenListener[];
  /** Those of them that are not open yet. */
  readonly opened: OpenListener[];
}

export class ThreadPlane {
  private readonly context: ThreadContext;
  private readonly traffic: Traffic;
  private readonly engine: Engine;
  private readonly readiness = { started: false, draining: false };
  private listeners: OpenListener[] = [];
  private readonly serving: HttpServing;

  constructor(context: ThreadContext, config: Config) {
    this.context = context;
    this.traffic = new Traffic({ door: 'gateway', recorder: context.recorder, accessLog: context.accessLog });
    this.engine = new Engine({
      program: new Program([], []),
      limits: engineLimits(config),
      timeouts: engineTimeouts(config),
      traffic: this.traffic,
      dial: originDialler(config.timeouts.connect),
    });
    this.serving = {
      serveHttp1: (socket, first) => this.engine.serve(socket, first),
      serveHttp2: (socket) => this.engine.serveHttp2(socket),
      refused: () => this.traffic.refused(),
      handshakeEnded: (failure, durationMs) => this.traffic.handshakeEnded(failure, durationMs),
    };
  }

  /** `ports` says where to bind what is configured with port 0, when another thread has bound it already. */
  async apply(config: Config, ports: BoundPorts = {}): Promise<void> {
    await proveRawIo();
    const plan = this.prepare(config, ports);
    await this.open(plan);
    const kept = plan.listeners.filter((each) => !plan.opened.includes(each));
    for (const { listener, settings } of kept) listener.configure(settings);
    for (const { listener } of this.listeners) if (!kept.some((each) => each.listener === listener)) listener.stop();
    this.listeners = plan.listeners;
    this.engine.configure(engineLimits(config), engineTimeouts(config), originDialler(config.timeouts.connect));
    this.engine.http2InTheClear = config.gateway.http2;
    this.engine.swap(plan.program);
    this.readiness.started = true;
  }

  /** Readiness turns first; resolves when no client connection is left. */
  async drain(): Promise<void> {
    this.readiness.draining = true;
    // What the system has accepted for us already comes in with the next turn of the event loop.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    for (const { listener } of this.listeners) listener.stop();
    await this.engine.drain();
  }

  close(): void {
    this.readiness.draining = true;
    for (const { listener } of this.listeners) listener.stop();
    this.engine.close();
  }

  doors(): DoorStatus[] {
    return this.listeners.map(({ listener }) => ({
      name: 'gateway',
      address: listener.url,
      openConnections: listener.connections,
    }));
  }

  /** Everything that can be wrong with a configuration is found here, before anything has changed. */
  private prepare(config: Config, ports: BoundPorts): Plan {
    const listeners: OpenListener[] = [];
    const opened: OpenListener[] = [];
    for (const endpoint of config.gateway.listen) {
      const { address } = endpoint;
      const settings = this.settingsOf(config, endpoint);
      const known = this.listeners.find((each) => each.address === address)?.listener;
      const listener = known ?? this.createListener(config, listenAddress(address, ports), settings);
      const planned = { address, settings, listener };
      listeners.push(planned);
      if (known === undefined) opened.push(planned);
    }
    // Last, since a program that has been made must be retired.
    return { listeners, opened, program: this.createProgram(config) };
  }

  private createProgram(config: Config): Program {
    return compile(gatewayLayers(config, this.readiness), this.traffic);
  }

  private async open({ opened, program }: Plan): Promise<void> {
    for (const { address, listener } of opened) {
      try {
        await listener.start();
      } catch (cause) {
        for (const each of opened) each.listener.stop();
        program.retire();
        throw listenError('gateway.listen', address, cause);
      }
    }
  }

  private settingsOf(config: Config, { tls, proxy_protocol: peers }: GatewayListen): HttpSettings {
    const serverOptions = tls === null ? null : serverTls(tls, this.context.ticketKeys);
    // A certificate that does not fit its key is found by making use of them.
    if (serverOptions !== null) createServerContexts(serverOptions);
    return {
      tls: serverOptions,
      http2: config.gateway.http2,
      proxyPeers: peers.map(parseIpRange).filter((range) => range !== undefined),
      proxyTimeoutMs: config.timeouts.headers,
    };
  }

  private createListener(config: Config, address: ListenAddress, settings: HttpSettings): HttpListener {
    const { threads } = this.context;
    return new HttpListener({
      address,
      maxConnections: Math.ceil(config.limits.connections / threads),
      reusePort: threads > 1,
      serving: this.serving,
      settings,
    });
  }
}

function listenAddress(text: string, ports: BoundPorts): ListenAddress {
  const address = parseAddress(text, { host: '' });
  if (address.kind === 'unix') return { path: address.path };
  if (address.kind === 'invalid') throw new Error(`${text} is not an address: ${address.reason}`);
  return { host: address.host === '' ? '::' : address.host, port: ports[text] ?? address.port };
}
