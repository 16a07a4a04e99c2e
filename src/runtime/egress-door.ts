// The forward proxy of one thread: its engine and the listeners that feed it. Rule: what it knows of its clients stays with it;
// servers and proxies on the way are told nothing.
import type { Config } from '../config/config.ts';
import { Engine } from '../engine/engine.ts';
import type { OpenConnection } from '../engine/open-connection.ts';
import { originDialler } from '../engine/origin-dialler.ts';
import { Program } from '../engine/program.ts';
import { Traffic } from '../engine/traffic.ts';
import type { OwnDoors } from '../services/rules/own-doors.ts';
import { createServerContexts } from '../transport/tls-context.ts';
import { engineLimits, engineTimeouts } from './assemble.ts';
import { egressProgram } from './assemble-egress.ts';
import type { DoorStatus } from './door.ts';
import { DoorListeners } from './door-listeners.ts';
import { SessionBindings } from './hop-sessions.ts';
import { serverTls } from './pem-files.ts';
import { MixedListener, type MixedServing, type MixedSettings } from './registry.ts';
import type { ThreadContext } from './thread-context.ts';
import type { DoorPlan, TrafficDoor } from './traffic-door.ts';
import type { BoundPorts } from './worker-messages.ts';

export class EgressDoor implements TrafficDoor {
  private readonly context: ThreadContext;
  private readonly ownDoors: OwnDoors;
  private readonly traffic: Traffic;
  private readonly engine: Engine;
  private readonly listeners: DoorListeners<MixedSettings>;
  private readonly bindings = new SessionBindings();
  private maxConnections = 0;

  constructor(context: ThreadContext, ownDoors: OwnDoors, config: Config) {
    this.context = context;
    this.ownDoors = ownDoors;
    this.traffic = new Traffic({ door: 'egress', recorder: context.recorder, accessLog: context.accessLog });
    this.engine = new Engine({
      program: new Program([], []),
      limits: forwardLimits(config),
      timeouts: engineTimeouts(config),
      traffic: this.traffic,
      dial: originDialler(config.timeouts.connect),
      tellsUpstreams: false,
    });
    this.engine.http2InTheClear = false;
    this.listeners = this.createListeners();
  }

  plan(config: Config, ports: BoundPorts): DoorPlan {
    this.maxConnections = Math.ceil(config.limits.connections / this.context.threads);
    const settings = this.settingsOf(config);
    const wanted = config.egress.listen.map((address) => ({ address, settings }));
    const listeners = this.listeners.plan(wanted, ports);
    // Last, since a program that has been made must be retired.
    const { context, ownDoors, traffic, bindings } = this;
    const program = egressProgram(config, { context, ownDoors, traffic, bindings });
    return {
      start: () => this.listeners.start(listeners),
      commit: () => {
        this.listeners.commit(listeners);
        this.engine.configure(forwardLimits(config), engineTimeouts(config), originDialler(config.timeouts.connect));
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

  private createListeners(): DoorListeners<MixedSettings> {
    const { engine, traffic } = this;
    const serving: MixedServing = {
      serveHttp: (connection, bytes, from, to) => {
        engine.serveConnection(connection);
        connection.handler.onData(bytes, from, to);
      },
      serveTunnel: engine.serveTunnel.bind(engine),
      refused: () => traffic.refused(),
      handshakeEnded: traffic.handshakeEnded.bind(traffic),
    };
    const reusePort = this.context.threads > 1;
    return new DoorListeners({
      door: 'egress',
      key: 'egress.listen',
      create: (address, settings: MixedSettings) => {
        return new MixedListener({ address, maxConnections: this.maxConnections, reusePort, serving, settings });
      },
    });
  }

  private settingsOf({ egress, timeouts }: Config): MixedSettings {
    const tls = egress.tls === null ? null : serverTls(egress.tls, this.context.ticketKeys);
    // A certificate that does not fit its key is found by making use of them.
    if (tls !== null) createServerContexts(tls);
    return { tls, requiresLogin: egress.auth === 'users', timeoutMs: timeouts.headers };
  }
}

/** What clients send to servers elsewhere is not ours to measure: bodies may be of any size. */
function forwardLimits(config: Config): ReturnType<typeof engineLimits> {
  const { request, response } = engineLimits(config);
  return { request: { ...request, maxBodyBytes: Number.MAX_SAFE_INTEGER }, response };
}
