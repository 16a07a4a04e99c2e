// What the doors of one thread are given, without a plane around them.
import { PolicyModules } from '../../src/runtime/policy-modules/policy-modules.ts';
import type { ThreadContext } from '../../src/runtime/threads/thread-context.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';
import { CacheShelf } from '../../src/services/cache/store/cache-shelf.ts';
import { DomainShelf } from '../../src/services/domains/domain-shelf.ts';
import { LimitTable } from '../../src/services/limiter/limit-table.ts';
import { RunningTable } from '../../src/services/limiter/running-table.ts';
import { BudgetTable } from '../../src/services/usage/budget-table.ts';
import { CaptureShelf } from '../../src/telemetry/capture-shelf.ts';
import { RequestTape } from '../../src/telemetry/request-tape.ts';
import { SpanGatherer } from '../../src/telemetry/traces/span-gatherer.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { processDesk } from './process-desk.ts';

export function threadContext(threads: number): ThreadContext {
  const recorder = new MetricsRecorder();
  return {
    recorder,
    accessLog: null,
    tape: new RequestTape(),
    spans: new SpanGatherer(() => {}),
    captures: new CaptureShelf(),
    ticketKeys: Buffer.alloc(48, 7),
    threads,
    members: new MemberTable({ capacity: 16 }),
    limits: new LimitTable({ capacity: 8 }),
    running: new RunningTable({ capacity: 8 }),
    budgets: new BudgetTable({ capacity: 8 }),
    lists: new DomainShelf(),
    caches: new CacheShelf(),
    modules: new PolicyModules(),
    log: () => {},
    services: { kind: 'here', desk: processDesk(recorder) },
    tunnelSocket: '/nowhere',
    tellUsage: () => {},
  };
}
