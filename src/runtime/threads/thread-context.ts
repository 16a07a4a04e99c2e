// What the doors of one thread are given. Types only.
import type { KnownNames } from '../../services/tunnels/known-names.ts';
import type { KnownPlaces } from '../../services/tunnels/known-places.ts';
import type { MemberTable } from '../../services/balance/member-table.ts';
import type { CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import type { DomainShelf } from '../../services/domains/domain-shelf.ts';
import type { LimitTable } from '../../services/limiter/limit-table.ts';
import type { RunningTable } from '../../services/limiter/running-table.ts';
import type { BudgetTable } from '../../services/usage/budget-table.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import type { AccessLog } from '../../telemetry/access-log.ts';
import type { CaptureShelf } from '../../telemetry/capture-shelf.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { RequestTape } from '../../telemetry/request-tape.ts';
import type { SpanGatherer } from '../../telemetry/traces/span-gatherer.ts';
import type { ServiceHome } from '../processes/own-routes.ts';
import type { PolicyModules } from '../policy-modules/policy-modules.ts';
import type { ThreadLog } from './thread-log.ts';

export interface ThreadContext {
  readonly recorder: MetricsRecorder;
  readonly accessLog: AccessLog | null;
  /** What has gone through last. */
  readonly tape: RequestTape;
  /** What is recorded of traces. */
  readonly spans: SpanGatherer;
  /** What is kept of the heads and bodies of it. */
  readonly captures: CaptureShelf;
  /** The same in every worker, so that a TLS session begun with one is resumed by another. */
  readonly ticketKeys: Buffer;
  /** How many threads share the doors. */
  readonly threads: number;
  /** The state of all members of all groups, shared by the threads. */
  readonly members: MemberTable;
  /** What clients have used of their limits, shared by the threads. */
  readonly limits: LimitTable;
  /** How many of their requests are running, counted by all threads. */
  readonly running: RunningTable;
  /** What users have used of their budgets for AI, on all threads. */
  readonly budgets: BudgetTable;
  /** The lists of domains of the configuration that comes into force next. */
  readonly lists: DomainShelf;
  /** The stores of the cache, whose memory is shared by the threads. */
  readonly caches: CacheShelf;
  /** Those that this thread has loaded. */
  readonly modules: PolicyModules;
  readonly log: ThreadLog;
  /** Where what runs something lives. */
  readonly services: ServiceHome;
  /** Where the main thread takes exchanges for tunnels. */
  readonly tunnelSocket: string;
  /** The names of tunnels of users of the configuration, as the main thread writes them. */
  readonly knownNames?: KnownNames;
  /** On which other nodes tunnels are, as the main thread writes it. */
  readonly knownPlaces?: KnownPlaces;
  /** Takes what was used of AI providers. */
  readonly tellUsage: TellUsage;
}
