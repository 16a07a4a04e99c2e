// One door of the data path as the plane of a thread sees it: the gateway, the forward proxy. Types only. Rule: what can fail,
// fails in `plan` and `start`, before anything has changed.
import type { Config } from '../../config/config.ts';
import type { ReplayOutcome, ReplayRequest } from '../../engine/replay-client.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import type { DoorName, DoorStatus } from './door.ts';
import type { BoundPorts } from '../threads/worker-messages.ts';

export interface TrafficDoor {
  readonly name: DoorName;
  plan(config: Config, ports: BoundPorts): DoorPlan;
  /** Accepts nothing from now on. */
  stop(): void;
  /** Resolves when no client connection is left. */
  drain(): Promise<void>;
  /** Cuts what is still open. */
  close(): Promise<void>;
  status(): DoorStatus[];
  /** Sends a request once more, as if it had come in here. */
  replay(request: ReplayRequest): Promise<ReplayOutcome>;
  /** What clients have open, no more than `limit` of it. */
  connections(limit: number): OpenConnection[];
}

/** A configuration that is about to come into force at a door. */
export interface DoorPlan {
  /** Opens what is new. */
  start(): Promise<void>;
  commit(): void;
  /** It will not come into force. */
  abandon(): void;
}
