// The entry of a worker thread: the data path and nothing else. Rule: it does what the main thread says, one thing after the
// other, and reports what it counted and what went wrong; when too much does it ends, and the main thread starts another.
import { parentPort, workerData } from 'node:worker_threads';
import { SluiceError } from '../../core/errors.ts';
import type { ReplayOutcome } from '../../engine/replay-client.ts';
import { KnownNames } from '../../services/tunnels/known-names.ts';
import { KnownPlaces } from '../../services/tunnels/known-places.ts';
import type { OpenConnection } from '../../engine/open-connection.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { BudgetTable } from '../../services/usage/budget-table.ts';
import { redactValue } from '../../core/redact.ts';
import { AccessLog } from '../../telemetry/access-log.ts';
import type { LogFields } from '../../telemetry/application-log.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { type CapturedExchange, CaptureShelf } from '../../telemetry/capture-shelf.ts';
import { RequestTape, type TapeReading } from '../../telemetry/request-tape.ts';
import { SpanGatherer } from '../../telemetry/traces/span-gatherer.ts';
import { threadMetrics } from '../../telemetry/process-metrics.ts';
import { PortSink } from '../../telemetry/port-sink.ts';
import { passedSockets } from '../../transport/passed-sockets.ts';
import { countedUsage } from '../assemble/usage-telemetry.ts';
import { guardAgainstFaults } from '../doors/fault-guard.ts';
import { PolicyModules } from '../policy-modules/policy-modules.ts';
import type { ThreadLog } from './thread-log.ts';
import { ThreadPlane } from './thread-plane.ts';
import type { WorkerCall, WorkerFault, WorkerMessage, WorkerRequest, WorkerStart } from './worker-messages.ts';

const port = parentPort;
if (port === null) throw new SluiceError('internal', { message: 'a worker was started outside of a worker thread' });

const start = workerData as WorkerStart;
const say = (message: WorkerMessage): void => port.postMessage(message);

guardAgainstFaults({
  source: process,
  report: (error, origin) => say({ kind: 'fault', ...plainError(error), origin }),
  // Ends the thread only; the main thread notices.
  giveUp: () => process.exit(1),
});

passedSockets.receive(start.passed ?? [], start.thread, start.threads);

const recorder = new MetricsRecorder({ onDefine: (definition) => say({ kind: 'define', definition }) });
say({ kind: 'metrics', slab: recorder.slab, definitions: [] });
threadMetrics(recorder);

const accessLog =
  start.accessFormat === null
    ? null
    : new AccessLog({
        format: start.accessFormat,
        sink: new PortSink({ postMessage: (message, transfer) => port.postMessage(message, [...transfer]) }),
      });

const tape = new RequestTape();
const spans = new SpanGatherer((gathered) => say({ kind: 'spans', spans: gathered }));
const captures = new CaptureShelf();
const members = new MemberTable({ memory: start.members });
const limits = new LimitTable({ memory: start.limits });
const running = new RunningTable({ memory: start.running, thread: start.thread });
const budgets = new BudgetTable({ memory: start.budgets });
const lists = new DomainShelf();
// The main thread is one more.
const caches = new CacheShelf({ threads: start.threads + 1, thread: start.thread });
const modules = new PolicyModules();
const log: ThreadLog = (level, fields, message) => {
  const plain = redactValue(fields) as LogFields;
  say({ kind: 'log', level, fields: plain, message });
};
const tellUsage = countedUsage(recorder, (record) => say({ kind: 'usage', record }));
let plane: ThreadPlane | null = null;

/** Of tunnels. */
const known = {
  ...(start.knownNames !== undefined && { knownNames: new KnownNames(start.knownNames) }),
  ...(start.knownPlaces !== undefined && { knownPlaces: new KnownPlaces(start.knownPlaces) }),
};

/** What came of a request that was to be sent again. */
async function carryOut(call: WorkerCall): Promise<ReplayOutcome | null> {
  if (call.kind === 'apply') {
    const target =
      plane ??
      new ThreadPlane(
        {
          recorder,
          accessLog,
          tape,
          spans,
          captures,
          ticketKeys: Buffer.from(start.ticketKeys),
          threads: start.threads,
          members,
          limits,
          running,
          budgets,
          lists,
          caches,
          modules,
          log,
          services: { kind: 'elsewhere', inner: start.inner },
          tunnelSocket: start.tunnelSocket,
          ...known,
          tellUsage,
        },
        call.config,
      );
    lists.put(call.lists);
    caches.put(call.caches);
    await target.apply(call.config, call.ports);
    plane = target;
  } else if (call.kind === 'control-doors') {
    plane?.knowControlDoors(call.addresses);
  } else if (call.kind === 'drain') {
    await plane?.drain(call.manner);
    accessLog?.flush();
    spans.flush();
  } else if (call.kind === 'close') {
    await plane?.close();
    spans.flush();
    await accessLog?.close();
  } else if (call.kind === 'replay') {
    return plane?.replay(call.door, call.request) ?? null;
  }
  return null;
}

function connectionsFor(call: WorkerCall): readonly OpenConnection[] {
  return call.kind === 'connections' ? (plane?.connections(call.limit) ?? []) : [];
}

function requestsFor(call: WorkerCall): TapeReading | null {
  return call.kind === 'requests' ? tape.read(call.since, call.most) : null;
}

function captureFor(call: WorkerCall): CapturedExchange | null {
  return call.kind === 'capture' ? captures.find(call.requestId) : null;
}

function plainError(cause: unknown): Pick<WorkerFault, 'name' | 'message' | 'stack'> {
  const { name, message, stack = '' } = cause instanceof Error ? cause : new Error(String(cause));
  return { name, message, stack };
}

function describe(cause: unknown): { code: string; message: string } {
  if (cause instanceof SluiceError) return { code: cause.code, message: cause.message };
  return { code: 'internal', message: cause instanceof Error ? cause.message : String(cause) };
}

/** These do not wait for a drain, which may wait for long. */
const URGENT: ReadonlySet<WorkerCall['kind']> = new Set([
  'doors',
  'connections',
  'requests',
  'capture',
  'replay',
  'close',
]);

/** A call begins when the one before has ended: two configurations at once would each open the doors. */
let lastCall: Promise<void> = Promise.resolve();

port.on('message', ({ id, call }: WorkerRequest) => {
  const answer = (error: ReturnType<typeof describe> | null, replayed: ReplayOutcome | null = null): void =>
    say({
      kind: 'answer',
      id,
      doors: plane?.doors() ?? [],
      connections: connectionsFor(call),
      requests: requestsFor(call),
      capture: captureFor(call),
      replayed,
      error,
    });
  const isUrgent = URGENT.has(call.kind);
  const turn = isUrgent ? carryOut(call) : lastCall.then(() => carryOut(call));
  if (!isUrgent) {
    lastCall = turn.then(
      () => {},
      () => {},
    );
  }
  turn.then(
    (replayed) => answer(null, replayed),
    (cause: unknown) => answer(describe(cause)),
  );
});
