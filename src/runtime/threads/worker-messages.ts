// What the main thread and its workers say to each other. Rule: plain data; a call carries a number and is
// answered once, with that number.
import type { Config } from '../../config/config.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import type { ReplayOutcome, ReplayRequest } from '../../engine/replay-client.ts';
import type { CapturedExchange } from '../../telemetry/capture-shelf.ts';
import type { LogFields } from '../../telemetry/application-log.ts';
import type { TapeReading } from '../../telemetry/request-tape.ts';
import type { MetricDefinition } from '../../telemetry/metric-definition.ts';
import type { CacheMemories } from '../../services/cache/store/cache-shelf.ts';
import type { SharedLists } from '../../services/domains/domain-lists.ts';
import type { UsageRecord } from '../../services/usage/usage-record.ts';
import type { LogLines } from '../../telemetry/port-sink.ts';
import type { PassedSocket } from '../../transport/passed-sockets.ts';
import type { InnerAddress } from '../processes/own-routes.ts';
import type { DoorStatus } from '../doors/door.ts';
import type { DrainManner } from './data-plane.ts';
import type { ThreadLogLevel } from './thread-log.ts';

export interface WorkerStart {
  readonly threads: number;
  /** Which of them this one is, from 0 on. */
  readonly thread: number;
  readonly ticketKeys: Uint8Array;
  /** What systemd has opened for the doors of all threads. */
  readonly passed?: readonly PassedSocket[];
  /** The memory of the members of all groups. */
  readonly members: SharedArrayBuffer;
  /** The memory of what clients have used of their limits. */
  readonly limits: SharedArrayBuffer;
  /** The memory of how many requests of theirs are running. */
  readonly running: SharedArrayBuffer;
  /** The memory of what users have used of their budgets for AI. */
  readonly budgets: SharedArrayBuffer;
  /** Where the main thread answers for its workers. */
  readonly inner: InnerAddress;
  /** Where the main thread takes exchanges for tunnels. */
  readonly tunnelSocket: string;
  /** The memory of the names of tunnels of users of the configuration. */
  readonly knownNames?: SharedArrayBuffer | undefined;
  /** The memory of on which other nodes tunnels are. */
  readonly knownPlaces?: SharedArrayBuffer | undefined;
  readonly accessFormat: 'json' | 'common' | 'combined' | null;
}

/** Which port an address with port 0 was really bound to, so that all workers share it; by `portKey`. */
export type BoundPorts = Readonly<Record<string, number>>;

/** Two doors may have the same address as long as its port is 0. */
export function portKey(key: string, address: string): string {
  return `${key} ${address}`;
}

export type WorkerCall =
  | {
      readonly kind: 'apply';
      readonly config: Config;
      readonly ports: BoundPorts;
      /** The lists of domains that the configuration names. */
      readonly lists: SharedLists;
      /** The memory of the stores of the cache that it wants. */
      readonly caches: CacheMemories;
    }
  | { readonly kind: 'control-doors'; readonly addresses: readonly string[] }
  | { readonly kind: 'drain'; readonly manner?: DrainManner }
  | { readonly kind: 'close' }
  | { readonly kind: 'doors' }
  | { readonly kind: 'connections'; readonly limit: number }
  | { readonly kind: 'requests'; readonly since: number; readonly most: number }
  | { readonly kind: 'capture'; readonly requestId: string }
  | { readonly kind: 'replay'; readonly door: string; readonly request: ReplayRequest };

export interface WorkerRequest {
  readonly id: number;
  readonly call: WorkerCall;
}

/** An error that nothing in the worker handled, in a form that can travel whatever it was. */
export interface WorkerFault {
  readonly kind: 'fault';
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly origin: string;
}

export type WorkerMessage =
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly doors: readonly DoorStatus[];
      /** When they were asked for. */
      readonly connections: readonly OpenConnection[];
      readonly requests: TapeReading | null;
      readonly capture: CapturedExchange | null;
      readonly replayed: ReplayOutcome | null;
      readonly error: { readonly code: string; readonly message: string } | null;
    }
  | { readonly kind: 'metrics'; readonly slab: SharedArrayBuffer; readonly definitions: readonly MetricDefinition[] }
  | { readonly kind: 'define'; readonly definition: MetricDefinition }
  | WorkerFault
  | {
      readonly kind: 'log';
      readonly level: ThreadLogLevel;
      /** Plain data. */
      readonly fields: LogFields;
      readonly message: string;
    }
  | { readonly kind: 'usage'; readonly record: UsageRecord }
  | { readonly kind: 'spans'; readonly spans: readonly string[] }
  | LogLines;
