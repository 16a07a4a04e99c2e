// One door of the data path of a thread: its engine, and the listeners that feed it. Rule: a reload swaps the program and nothing
// else; what is in flight ends on the old one.
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { Engine, type EngineLimits } from '../../engine/engine.ts';
import type { ForwardedCertificate, Forwarding } from '../../engine/forwarded-lines.ts';
import type { ReplayOutcome, ReplayRequest } from '../../engine/replay-client.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import { originDialler } from '../../engine/origin-dialler.ts';
import { Program } from '../../engine/program.ts';
import { Traffic } from '../../engine/traffic.ts';
import type { ControlGuard } from '../../services/rules/control-guard.ts';
import type { ListenAddress } from '../../transport/accept.ts';
import { engineTimeouts } from '../assemble/assemble-bounds.ts';
import { tracerOf } from '../assemble/assemble-traces.ts';
import { ConfiguredDns, type Dns } from '../assemble/configured-dns.ts';
import type { DoorName, DoorStatus } from './door.ts';
import { type ConfigurableListener, DoorListeners, type WantedListener } from './door-listeners.ts';
import type { ThreadContext } from '../threads/thread-context.ts';
import type { DoorPlan, TrafficDoor } from './traffic-door.ts';
import type { BoundPorts } from '../threads/worker-messages.ts';

/** What a door tells its engine about HTTP. */
export interface EngineManners {
  readonly limits: EngineLimits;
  readonly http2InTheClear: boolean;
  readonly forwarding: Forwarding;
  readonly forwardedCertificate: ForwardedCertificate;
}

/** What every listener of a door is given, whatever it speaks. */
export interface ListenerFrame {
  readonly address: ListenAddress;
  /** The address as it stands in the configuration. */
  readonly entrance: string;
  readonly maxConnections: number;
  readonly reusePort: boolean;
}

/** A handshake that has begun is over within that time, or takes too long for a door that closes. */
const ARRIVE_MS = 1_500;
const ARRIVE_CHECK_MS = 10;

export abstract class EngineDoor<S> implements TrafficDoor {
  readonly name: DoorName;
  protected readonly context: ThreadContext;
  protected readonly traffic: Traffic;
  protected readonly engine: Engine;
  private readonly listeners: DoorListeners<S>;
  private readonly names = new ConfiguredDns();
  private readonly guard: ControlGuard | null;
  private maxConnections = 0;
  private isNew = true;

  constructor(door: DoorName, context: ThreadContext, config: Config, guard: ControlGuard | null = null) {
    this.guard = guard;
    this.name = door;
    this.context = context;
    const { recorder, accessLog, tape } = context;
    this.traffic = new Traffic({ door, recorder, accessLog, tape });
    this.engine = new Engine({
      program: new Program(new Map(), []),
      limits: this.mannersOf(config).limits,
      timeouts: engineTimeouts(config),
      traffic: this.traffic,
      dial: originDialler(config.timeouts.connect, this.names.of(config).cache, guard),
      onFault: (cause) => context.log('error', { err: cause, door }, 'an exchange failed inside Sluice'),
    });
    this.listeners = new DoorListeners({
      door,
      key: `${door}.listen`,
      create: (address, settings, entrance) => {
        const { maxConnections } = this;
        return this.createListener({ address, entrance, maxConnections, reusePort: context.threads > 1 }, settings);
      },
    });
  }

  protected abstract mannersOf(config: Config): EngineManners;
  protected abstract wanted(config: Config): WantedListener<S>[];
  protected abstract createProgram(config: Config, dns: Dns): Program;
  protected abstract createListener(frame: ListenerFrame, settings: S): ConfigurableListener<S>;

  plan(config: Config, ports: BoundPorts): DoorPlan {
    this.maxConnections = Math.ceil(config.limits.connections / this.context.threads);
    const listeners = this.listeners.plan(this.wanted(config), ports);
    // Last, since a program that has been made must be retired.
    const program = this.createProgram(config, this.names.of(config));
    const { isNew } = this;
    const takeEffect = (): void => {
      this.configure(config);
      this.engine.swap(program);
    };
    return {
      start: () => {
        // Whoever takes the place of another has clients from the moment in which the first door is open.
        if (isNew) takeEffect();
        return this.listeners.start(listeners);
      },
      commit: () => {
        this.isNew = false;
        this.listeners.commit(listeners);
        if (!isNew) takeEffect();
      },
      abandon: () => {
        this.listeners.abandon(listeners);
        if (!isNew) program.retire();
      },
    };
  }

  private configure(config: Config): void {
    const { limits, http2InTheClear, forwarding, forwardedCertificate } = this.mannersOf(config);
    const dial = originDialler(config.timeouts.connect, this.names.of(config).cache, this.guard);
    this.engine.configure(limits, engineTimeouts(config), dial);
    this.engine.http2InTheClear = http2InTheClear;
    this.engine.forwarding = forwarding;
    this.engine.forwardedCertificate = forwardedCertificate;
    this.traffic.tracer = tracerOf(config.traces, this.context.spans);
  }

  stop(): void {
    this.listeners.stop();
  }

  /** Whoever has come before the door was closed, and is still in a handshake, is answered as well. */
  async drain(): Promise<void> {
    await this.engine.drain();
    const givenUpAt = performance.now() + ARRIVE_MS;
    while (this.listeners.openConnections > this.engine.clientCount && performance.now() < givenUpAt) {
      await pause(ARRIVE_CHECK_MS);
    }
    await this.engine.untilEmpty();
  }

  close(): Promise<void> {
    this.engine.close();
    return this.engine.untilEmpty();
  }

  status(): DoorStatus[] {
    return this.listeners.status();
  }

  replay(request: ReplayRequest): Promise<ReplayOutcome> {
    return this.engine.replay(request);
  }

  connections(limit: number): OpenConnection[] {
    return this.engine.describeConnections(limit);
  }
}
