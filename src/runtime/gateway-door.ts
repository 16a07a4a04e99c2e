// The gateway of one thread: its engine and the listeners that feed it.
// Rule: a reload swaps the program and nothing else; what is in flight ends on the old one.
import { parseIpRange } from '../core/ip.ts';
import type { Config } from '../config/config.ts';
import type { GatewayListen } from '../config/schema/gateway.ts';
import { compile } from '../engine/compile.ts';
import { Engine } from '../engine/engine.ts';
import type { OpenConnection } from '../engine/open-connection.ts';
import { originDialler } from '../engine/origin-dialler.ts';
import { Program } from '../engine/program.ts';
import { Traffic } from '../engine/traffic.ts';
import { createServerContexts } from '../transport/tls-context.ts';
import { engineLimits, engineTimeouts, gatewayLayers } from './assemble.ts';
import type { DoorStatus } from './door.ts';
import { DoorListeners } from './door-listeners.ts';
import type { Readiness } from './health-routes.ts';
import { serverTls } from './pem-files.ts';
import { HttpListener, type HttpSettings } from './registry.ts';
import type { ThreadContext } from './thread-context.ts';
import type { DoorPlan, TrafficDoor } from './traffic-door.ts';
import type { BoundPorts } from './worker-messages.ts';

export class GatewayDoor implements TrafficDoor {
  private readonly context: ThreadContext;
  private readonly readiness: Readiness;
  private readonly traffic: Traffic;
  private readonly engine: Engine;
  private readonly listeners: DoorListeners<HttpSettings>;
  private maxConnections = 0;

  constructor(context: ThreadContext, readiness: Readiness, config: Config) {
    this.context = context;
    this.readiness = readiness;
    this.traffic = new Traffic({ door: 'gateway', recorder: context.recorder, accessLog: context.accessLog });
    this.engine = new Engine({
      program: new Program([], []),
      limits: engineLimits(config),
      timeouts: engineTimeouts(config),
      traffic: this.traffic,
      dial: originDialler(config.timeouts.connect),
    });
    this.listeners = this.createListeners();
  }

  plan(config: Config, ports: BoundPorts): DoorPlan {
    this.maxConnections = Math.ceil(config.limits.connections / this.context.threads);
    const wanted = config.gateway.listen.map((endpoint) => {
      return { address: endpoint.address, settings: this.settingsOf(config, endpoint) };
    });
    const listeners = this.listeners.plan(wanted, ports);
    // Last, since a program that has been made must be retired.
    const program = compile(gatewayLayers(config, this.readiness), this.traffic);
    return {
      start: () => this.listeners.start(listeners),
      commit: () => {
        this.listeners.commit(listeners);
        this.engine.configure(engineLimits(config), engineTimeouts(config), originDialler(config.timeouts.connect));
        this.engine.http2InTheClear = config.gateway.http2;
        this.engine.swap(program);
      },
      abandon: () => {
        this.listeners.abandon(listeners);
        program.retire();
      },
    };
  }

  stop(): void {
    this.listeners.stop();
  }

  drain(): Promise<void> {
    return this.engine.drain();
  }

  close(): Promise<void> {
    this.engine.close();
    return this.engine.untilEmpty();
  }

  status(): DoorStatus[] {
    return this.listeners.status();
  }

  connections(limit: number): OpenConnection[] {
    return this.engine.describeConnections(limit);
  }

  private createListeners(): DoorListeners<HttpSettings> {
    const { engine, traffic } = this;
    const serving = {
      serveHttp1: engine.serve.bind(engine),
      serveHttp2: engine.serveHttp2.bind(engine),
      refused: () => traffic.refused(),
      handshakeEnded: traffic.handshakeEnded.bind(traffic),
    };
    const reusePort = this.context.threads > 1;
    return new DoorListeners({
      door: 'gateway',
      key: 'gateway.listen',
      create: (address, settings: HttpSettings) => {
        return new HttpListener({ address, maxConnections: this.maxConnections, reusePort, serving, settings });
      },
    });
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
}
