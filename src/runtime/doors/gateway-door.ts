// The gateway of one thread: HTTP/1.1 and HTTP/2, in the clear or over TLS. Rule: a certificate that does not fit its key is found
// before anything has changed.
import { parseIpRange } from '../../core/ip.ts';
import type { Config } from '../../config/config.ts';
import type { GatewayListen } from '../../config/schema/gateway.ts';
import { compileTables } from '../../engine/compile.ts';
import type { Program } from '../../engine/program.ts';
import type { AnswerShelf } from '../../services/answers/answer-shelf.ts';
import type { ControlGuard } from '../../services/rules/control-guard.ts';
import type { BodyLog } from '../../telemetry/body-log.ts';
import { createServerContexts } from '../../transport/tls-context.ts';
import { captured } from '../assemble/assemble-capture.ts';
import { openBodyLog } from '../assemble/assemble-ai-bodies.ts';
import { countedAnswers } from '../assemble/assemble-ai-cache.ts';
import { passRoutes } from '../assemble/assemble-passthrough.ts';
import { engineLimits, gatewayTables } from '../assemble/assemble.ts';
import { BackendWays } from '../backends/backend-ways.ts';
import type { Dns } from '../assemble/configured-dns.ts';
import type { WantedListener } from './door-listeners.ts';
import { EngineDoor, type EngineManners, type ListenerFrame } from './engine-door.ts';
import type { Readiness } from '../assemble/health-routes.ts';
import { serverTls } from '../assemble/pem-files.ts';
import { countingEars } from '../hops/hop-telemetry.ts';
import { GatewayPassages } from './gateway-passages.ts';
import { HttpListener, type HttpServing, type HttpSettings } from '../registry.ts';
import type { BoundPorts } from '../threads/worker-messages.ts';
import type { DoorPlan } from './traffic-door.ts';
import type { ThreadContext } from '../threads/thread-context.ts';

export class GatewayDoor extends EngineDoor<HttpSettings> {
  private readonly readiness: Readiness;
  private readonly answers: AnswerShelf;
  private readonly passages: GatewayPassages;
  /** That of the newest program which has one. */
  private bodies: BodyLog | null = null;

  /** Backends are never doors of the control plane, which `guard` knows. */
  constructor(context: ThreadContext, readiness: Readiness, config: Config, guard: ControlGuard | null = null) {
    super('gateway', context, config, guard);
    this.readiness = readiness;
    this.answers = countedAnswers(context.recorder);
    this.passages = new GatewayPassages(context, config, guard);
  }

  protected override mannersOf(config: Config): EngineManners {
    const {
      http2: http2InTheClear,
      forwarded: forwarding,
      forwarded_certificate: forwardedCertificate,
    } = config.gateway;
    return { limits: engineLimits(config), http2InTheClear, forwarding, forwardedCertificate };
  }

  protected override wanted(config: Config): WantedListener<HttpSettings>[] {
    return config.gateway.listen.map((endpoint) => {
      return { address: endpoint.address, settings: this.settingsOf(config, endpoint) };
    });
  }

  protected override createProgram(config: Config, dns: Dns): Program {
    const { context, readiness, traffic, answers } = this;
    const ways = new BackendWays(config, {
      table: context.members,
      dns: dns.cache,
      earsOf: countingEars(context.recorder, context.log),
    });
    const bodies = openBodyLog(config);
    if (bodies !== null) this.bodies = bodies;
    const writeBodies = bodies?.write ?? null;
    const parts = { ...context, answers, writeBodies, dns, ways, connectMs: config.timeouts.connect };
    const withCapture = captured(config, context.captures);
    const tables = gatewayTables(config, readiness, parts);
    const seen = new Map(
      [...tables].map(([at, layers]) => [at, layers.map((layer) => layer.map(withCapture))] as const),
    );
    return compileTables(seen, traffic, bodies === null ? [ways] : [ways, bodies]);
  }

  override plan(config: Config, ports: BoundPorts): DoorPlan {
    const plan = super.plan(config, ports);
    return {
      ...plan,
      commit: () => {
        plan.commit();
        this.passages.configure(config);
      },
    };
  }

  override async drain(): Promise<void> {
    await Promise.all([super.drain(), this.passages.untilEmpty()]);
  }

  override async close(): Promise<void> {
    this.passages.close();
    await super.close();
    await this.bodies?.close();
  }

  protected override createListener(frame: ListenerFrame, settings: HttpSettings): HttpListener {
    const { engine, traffic } = this;
    const { entrance } = frame;
    const serving: HttpServing = {
      serveHttp1: (socket, first) => engine.serve(socket, first, entrance),
      serveHttp2: (socket) => engine.serveHttp2(socket, entrance),
      refused: () => traffic.refused(),
      pass: (serverName, socket, first, ends) => this.passages.pass(serverName, socket, first, ends),
      handshakeEnded: traffic.handshakeEnded.bind(traffic),
    };
    return new HttpListener({ ...frame, serving, settings });
  }

  private settingsOf(config: Config, { tls, proxy_protocol: peers }: GatewayListen): HttpSettings {
    const serverOptions = tls === null ? null : serverTls(tls, this.context.ticketKeys);
    if (serverOptions !== null) createServerContexts(serverOptions);
    return {
      tls: serverOptions,
      http2: config.gateway.http2,
      proxyPeers: peers.map(parseIpRange).filter((range) => range !== undefined),
      proxyTimeoutMs: config.timeouts.headers,
      helloTimeoutMs: passRoutes(config).isEmpty ? null : config.timeouts.headers,
    };
  }
}
