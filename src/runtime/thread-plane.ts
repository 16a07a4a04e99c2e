// The data path of one thread: its engine and the listeners that feed it. With one thread it runs on the main one, with more
// each worker has one. Rule: `apply` prepares everything that can fail before it changes anything.
import { parseAddress } from '../core/address.ts';
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
import type { ServerTlsOptions } from '../transport/tls-context.ts';
import { engineLimits, engineTimeouts, gatewayLayers } from './assemble.ts';
import type { DoorStatus } from './door.ts';
import { listenError } from './listen-error.ts';
import { serverTls } from './pem-files.ts';
import { HttpListener, type HttpServing } from './registry.ts';
import type { BoundPorts } from './worker-messages.ts';

export interface ThreadContext {
  readonly recorder: MetricsRecorder;
  readonly accessLog: AccessLog | null;
  /** The same in every worker, so that a TLS session begun with one is resumed by another. */
  readonly ticketKeys: Buffer;
  /** How many threads share the doors. */
  readonly threads: number;
}

/** A listener and the configuration it was made from. */
interface OpenListener {
  readonly endpoint: GatewayListen;
  readonly listener: HttpListener;
}

interface Plan {
  readonly program: Program;
  readonly kept: OpenListener[];
  readonly opened: OpenListener[];
  readonly tls: Map<GatewayListen, ServerTlsOptions | null>;
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
      serveHttp1: (socket) => this.engine.serve(socket),
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
    for (const { endpoint, listener } of plan.kept) {
      const tls = plan.tls.get(endpoint);
      if (tls !== undefined && tls !== null) listener.renew(tls);
    }
    const open = [...plan.kept, ...plan.opened];
    for (const { listener } of this.listeners) if (!open.some((each) => each.listener === listener)) listener.stop();
    this.listeners = open;
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
    const endpoints = config.gateway.listen;
    const tls = new Map(endpoints.map((endpoint) => [endpoint, this.tlsOf(endpoint)] as const));
    const kept: OpenListener[] = [];
    const opened: OpenListener[] = [];
    for (const endpoint of endpoints) {
      const known = this.listeners.find((each) => isSameDoor(each.endpoint, endpoint));
      if (known !== undefined) kept.push({ endpoint, listener: known.listener });
      else {
        const address = listenAddress(endpoint.address, ports);
        opened.push({ endpoint, listener: this.createListener(config, address, tls.get(endpoint) ?? null) });
      }
    }
    const program = compile(gatewayLayers(config, this.readiness), this.traffic);
    return { program, kept, opened, tls };
  }

  private async open({ opened, program }: Plan): Promise<void> {
    for (const { endpoint, listener } of opened) {
      try {
        await listener.start();
      } catch (cause) {
        for (const each of opened) each.listener.stop();
        program.retire();
        throw listenError('gateway.listen', endpoint.address, cause);
      }
    }
  }

  private tlsOf({ tls }: GatewayListen): ServerTlsOptions | null {
    return tls === null ? null : serverTls(tls, this.context.ticketKeys);
  }

  private createListener(config: Config, address: ListenAddress, tls: ServerTlsOptions | null): HttpListener {
    const { threads } = this.context;
    return new HttpListener({
      address,
      tls,
      http2: config.gateway.http2,
      maxConnections: Math.ceil(config.limits.connections / threads),
      reusePort: threads > 1,
      serving: this.serving,
    });
  }
}

function isSameDoor(a: GatewayListen, b: GatewayListen): boolean {
  return a.address === b.address && (a.tls === null) === (b.tls === null);
}

function listenAddress(text: string, ports: BoundPorts): ListenAddress {
  const address = parseAddress(text, { host: '' });
  if (address.kind === 'unix') return { path: address.path };
  if (address.kind === 'invalid') throw new Error(`${text} is not an address: ${address.reason}`);
  return { host: address.host === '' ? '::' : address.host, port: ports[text] ?? address.port };
}
