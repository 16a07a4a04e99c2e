// The data plane as the runtime sees it: a program that is swapped in whole, and the doors that carry its traffic.
// Rule: `apply` either takes effect completely or throws and leaves everything as it was.

import type { Config } from '../../config/config.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import type { DomainShelf } from '../../services/domains/domain-shelf.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import type { ReplayOutcome, ReplayRequest } from '../../engine/replay-client.ts';
import type { CapturedExchange } from '../../telemetry/capture-shelf.ts';
import type { TapeReading } from '../../telemetry/request-tape.ts';
import type { ThreadContext } from './thread-context.ts';
import type { DoorStatus } from '../doors/door.ts';

export type { OpenConnection };

export interface DrainManner {
  /** Between readiness and everything else. */
  readonly delayMs?: number;
  /** Another Sluice has opened the same doors. */
  readonly isTakenOver?: boolean;
}

/** In memory that all threads share. */
export type SharedCounts = Pick<ThreadContext, 'limits' | 'running' | 'budgets'>;

export interface DataPlane {
  /** The states of the proxies, as the threads that use them write them. */
  readonly members: MemberTable;
  /** The lists of domains, as the policies know them. */
  readonly lists: DomainShelf;
  /** The stores of the cache. */
  readonly caches: CacheShelf;
  /** What clients have used of their limits, what of theirs is running, and what users have used of AI. */
  readonly counts: SharedCounts;
  /** Builds the new program, opens the doors that are new, swaps, and lets go of the doors that are gone. */
  apply(config: Config): Promise<void>;
  /** Readiness turns 503, after the delay accepting stops and idle connections are closed; resolves when nothing runs any more. */
  drain(manner?: DrainManner): Promise<void>;
  /** Cuts what is still open and gives everything back. */
  close(): Promise<void>;
  doors(): readonly DoorStatus[];
  /** What clients have open on all threads, no more than `limit` of it. */
  connections(limit: number): Promise<readonly OpenConnection[]>;
  /** What has gone through each thread since the position that its tape was read to, no more than `most` of each. */
  requests(since: readonly number[], most: number): Promise<readonly TapeReading[]>;
  /** What is kept of a request, whichever thread it has gone through. */
  capture(id: string): Promise<CapturedExchange | null>;
  /** Sends a request once more at a door; null: there is none of that name. */
  replay(door: string, request: ReplayRequest): Promise<ReplayOutcome | null>;
  /** Where the doors of the control plane really listen: nobody may get to them through us. */
  knowControlDoors(addresses: readonly string[]): Promise<void>;
}
