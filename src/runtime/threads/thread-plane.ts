// The data path of one thread: its doors. With one thread it runs on the main one, with more each worker has one.
// Rule: a configuration comes into force at all doors or at none.
import type { Config } from '../../config/config.ts';
import { untilNobodyWaits } from '../../transport/accept.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { holdTickShape } from '../../transport/tick-shape.ts';
import { type DoorAddress, OwnDoors } from '../../services/rules/own-doors.ts';
import type { ReplayOutcome, ReplayRequest } from '../../engine/replay-client.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import { closeLimiter } from '../nodes/limits-of-nodes.ts';
import { closeBindings } from '../nodes/sessions-of-nodes.ts';
import { ControlGuard } from '../../services/rules/control-guard.ts';
import { configuredDoors, controlAddresses, doorAddress, doorPaths } from '../doors/door-address.ts';
import type { DoorStatus } from '../doors/door.ts';
import { EgressDoor } from '../doors/egress-door.ts';
import { GatewayDoor } from '../doors/gateway-door.ts';
import type { ThreadContext } from './thread-context.ts';
import type { DoorPlan, TrafficDoor } from '../doors/traffic-door.ts';
import type { DrainManner } from './data-plane.ts';
import type { BoundPorts } from './worker-messages.ts';

/** Longer than a connection on which nobody asks for anything stays open. */
const GIVE_UP_MS = 3_000;

export class ThreadPlane {
  private readonly readiness = { started: false, draining: false };
  private readonly all: readonly TrafficDoor[];
  private readonly modules: ThreadContext['modules'];
  private readonly limits: ThreadContext['limits'];
  private readonly captures: ThreadContext['captures'];
  private readonly threads: number;
  /** Nobody gets to these through us. */
  private readonly ownDoors = new OwnDoors([]);
  private configured: readonly DoorAddress[] = [];
  /** No backend is one of these. */
  private readonly controls = new ControlGuard();
  private configuredControls: readonly string[] = [];
  private openControls: readonly string[] = [];
  private endDelay = (): void => {};

  constructor(context: ThreadContext, config: Config) {
    this.modules = context.modules;
    this.limits = context.limits;
    this.captures = context.captures;
    this.threads = context.threads;
    this.all = [
      new GatewayDoor(context, this.readiness, config, this.controls),
      new EgressDoor(context, this.ownDoors, config),
    ];
  }

  /** `ports` says where to bind what is configured with port 0, when another thread has bound it already. */
  async apply(config: Config, ports: BoundPorts = {}): Promise<void> {
    await holdTickShape();
    await proveRawIo();
    await this.modules.load(config);
    const plans: DoorPlan[] = [];
    const isFirst = !this.readiness.started;
    try {
      for (const door of this.all) plans.push(door.plan(config, ports));
      if (isFirst) this.expect(config);
      for (const plan of plans) await plan.start();
    } catch (error) {
      await untilNobodyWaits();
      for (const plan of plans) plan.abandon();
      if (isFirst) await this.giveUp();
      throw error;
    }
    for (const plan of plans) plan.commit();
    this.expect(config);
  }

  /** Somebody may come as soon as the first door is open. */
  private expect(config: Config): void {
    this.configured = configuredDoors(config);
    this.configuredControls = controlAddresses(config);
    this.captures.configure(config.admin.capture.bodies ? config.admin.capture.max_total / this.threads : 0);
    this.nameOwnDoors();
    this.readiness.started = true;
  }

  /** It will never begin: who has come already is answered. */
  private async giveUp(): Promise<void> {
    const drained = Promise.all(this.all.map((door) => door.drain()));
    const timer = setTimeout(() => void this.close(), GIVE_UP_MS);
    await drained;
    clearTimeout(timer);
    await this.close();
  }

  /** Where the doors of the control plane really listen. */
  knowControlDoors(addresses: readonly string[]): void {
    this.openControls = addresses;
    this.nameOwnDoors();
  }

  private nameOwnDoors(): void {
    const open = this.doors().flatMap(({ address }) => doorAddress(address));
    const controls = [...this.configuredControls, ...this.openControls];
    this.ownDoors.replace([...this.configured, ...open, ...controls.flatMap(doorAddress)]);
    this.controls.replace(controls.flatMap(doorAddress), doorPaths(controls));
  }

  /**
   * Readiness turns first, and for so long nothing else does; resolves when no client connection is left. With somebody there who
   * takes our place readiness stays as it is: whoever asks is to go on sending.
   */
  async drain({ delayMs = 0, isTakenOver = false }: DrainManner = {}): Promise<void> {
    this.readiness.draining = !isTakenOver;
    if (delayMs > 0) await this.delay(delayMs);
    await untilNobodyWaits();
    for (const door of this.all) door.stop();
    await Promise.all(this.all.map((door) => door.drain()));
  }

  /** Over at once when everything is closed. */
  private async delay(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.endDelay = resolve;
    await promise;
    clearTimeout(timer);
  }

  /** Resolves when what was cut has been counted and logged. */
  async close(): Promise<void> {
    this.readiness.draining = true;
    this.endDelay();
    for (const door of this.all) door.stop();
    await Promise.all(this.all.map((door) => door.close()));
    closeLimiter(this.limits);
    closeBindings(this.limits);
  }

  /** null: there is no such door. */
  replay(name: string, request: ReplayRequest): Promise<ReplayOutcome | null> {
    const door = this.all.find((each) => each.name === name);
    return door === undefined ? Promise.resolve(null) : door.replay(request);
  }

  /** What clients have open, no more than `limit` of it at each door. */
  connections(limit: number): OpenConnection[] {
    return this.all.flatMap((door) => door.connections(limit));
  }

  doors(): DoorStatus[] {
    return this.all.flatMap((door) => door.status());
  }
}
