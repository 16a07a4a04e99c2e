// Chooses where the data path runs: on the main thread, or on workers. Rule: the rest of the program cannot tell which.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { KnownNames } from '../../services/tunnels/known-names.ts';
import type { KnownPlaces } from '../../services/tunnels/known-places.ts';
import type { Config } from '../../config/config.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { BudgetTable } from '../../services/usage/budget-table.ts';
import { AccessLog } from '../../telemetry/access-log.ts';
import type { LogFields, Logger } from '../../telemetry/application-log.ts';
import type { LogSink } from '../../telemetry/log-sink.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { MetricsView } from '../../telemetry/metrics-view.ts';
import { CaptureShelf } from '../../telemetry/capture-shelf.ts';
import { RequestTape } from '../../telemetry/request-tape.ts';
import { SpanGatherer, type TakeSpans } from '../../telemetry/traces/span-gatherer.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import { loggedLists } from '../assemble/assemble-filter.ts';
import { countedUsage } from '../assemble/usage-telemetry.ts';
import { InnerDoor } from '../processes/inner-door.ts';
import type { ProcessDesk } from '../processes/process-desk.ts';
import type { DataPlane } from './data-plane.ts';
import { LocalDataPlane } from './local-data-plane.ts';
import { PolicyModules } from '../policy-modules/policy-modules.ts';
import { threadLog } from './thread-log.ts';
import { WorkerDataPlane } from './worker-data-plane.ts';

export interface DataPlaneContext {
  readonly config: Config;
  readonly logger: Logger;
  /** Where the main thread counts; already attached to the view. */
  readonly recorder: MetricsRecorder;
  readonly view: MetricsView;
  /** Where access lines go. Not used while `log.access` is off. */
  readonly accessSink: LogSink;
  /** Keeps what was used of AI providers. */
  readonly tellUsage: TellUsage;
  /** Sends spans on their way. */
  readonly takeSpans: TakeSpans;
  readonly processes: ProcessDesk;
  /** Where the main thread takes exchanges for tunnels. */
  readonly tunnelSocket: string;
  /** The names of tunnels of users of the configuration. */
  readonly knownNames?: KnownNames;
  /** On which other nodes tunnels are. */
  readonly knownPlaces?: KnownPlaces | undefined;
  /** Told of errors that nothing on a worker handled. */
  readonly noteFault: (error: Error, where: LogFields) => void;
  readonly countWorkerRestart: () => void;
}

const TICKET_KEY_BYTES = 48;

/** That carry traffic. */
export function threadsOf({ workers }: Config['process']): number {
  return workers === 'auto' ? availableParallelism() : workers;
}

export function createDataPlane(context: DataPlaneContext): DataPlane {
  const { config, recorder, view, logger, accessSink, tellUsage, processes, tunnelSocket, knownNames } = context;
  const { knownPlaces, takeSpans, noteFault, countWorkerRestart } = context;
  const { access } = config.log;
  const threads = threadsOf(config.process);
  const files = loggedLists(logger);
  if (threads > 1) {
    return new WorkerDataPlane({
      threads,
      accessFormat: access === false ? null : access,
      accessSink: access === false ? null : accessSink,
      view,
      logger,
      files,
      log: threadLog(logger),
      tellUsage,
      takeSpans,
      inner: new InnerDoor({ desk: processes, log: threadLog(logger) }),
      tunnelSocket,
      knownNames,
      knownPlaces,
      noteFault,
      countRestart: countWorkerRestart,
    });
  }
  const accessLog = access === false ? null : new AccessLog({ format: access, sink: accessSink });
  const ticketKeys = randomBytes(TICKET_KEY_BYTES);
  const shared = {
    members: new MemberTable(),
    limits: new LimitTable(),
    running: new RunningTable(),
    budgets: new BudgetTable(),
    lists: new DomainShelf(),
    caches: new CacheShelf(),
  };
  const own = {
    modules: new PolicyModules(),
    tape: new RequestTape(),
    spans: new SpanGatherer(takeSpans),
    captures: new CaptureShelf(),
    log: threadLog(logger),
    services: { kind: 'here', desk: processes } as const,
    tunnelSocket,
    ...(knownNames !== undefined && { knownNames }),
    ...(knownPlaces !== undefined && { knownPlaces }),
    tellUsage: countedUsage(recorder, tellUsage),
  };
  return new LocalDataPlane({ recorder, accessLog, threads, ticketKeys, ...shared, ...own }, files);
}
