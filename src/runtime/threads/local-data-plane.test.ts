import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { ask } from '../../../test/support/ask.ts';
import { configOf, type GatewaySettings } from '../../../test/support/gateway.ts';
import { MemorySink } from '../../../test/support/memory-sink.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { DomainLists } from '../../services/domains/domain-lists.ts';
import { CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import { CaptureShelf } from '../../telemetry/capture-shelf.ts';
import { RequestTape } from '../../telemetry/request-tape.ts';
import { SpanGatherer } from '../../telemetry/traces/span-gatherer.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { BudgetTable } from '../../services/usage/budget-table.ts';
import { AccessLog } from '../../telemetry/access-log.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { PolicyModules } from '../policy-modules/policy-modules.ts';
import { LocalDataPlane } from './local-data-plane.ts';
import { processDesk } from '../../../test/support/process-desk.ts';

const answering = (body: string): GatewaySettings => ({ gateway: { routes: [{ to: { respond: { body } } }] } });

function createPlane(t: TestContext, accessLog: AccessLog | null = null): LocalDataPlane {
  const context = {
    recorder: new MetricsRecorder(),
    accessLog,
    tape: new RequestTape(),
    spans: new SpanGatherer(() => {}),
    captures: new CaptureShelf(),
    ticketKeys: Buffer.alloc(48),
    threads: 1,
    members: new MemberTable(),
    limits: new LimitTable(),
    running: new RunningTable(),
    budgets: new BudgetTable(),
    lists: new DomainShelf(),
    caches: new CacheShelf(),
    modules: new PolicyModules(),
    log: () => {},
    services: { kind: 'here', desk: processDesk() } as const,
    tellUsage: () => {},
    tunnelSocket: '/nowhere',
  };
  const plane = new LocalDataPlane(context, new DomainLists());
  t.after(() => plane.close());
  return plane;
}

function urlOf(plane: LocalDataPlane): string {
  return plane.doors()[0]?.address ?? assert.fail('there is no door');
}

describe('the data plane on the main thread', () => {
  test('has no doors before it has a configuration, and nothing to drain or to close', async (t) => {
    const plane = createPlane(t);
    assert.deepEqual(plane.doors(), []);
    await plane.drain();
    await plane.close();
  });

  test('answers as the configuration in force says', async (t) => {
    const plane = createPlane(t);
    await plane.apply(configOf(answering('old')));
    const url = urlOf(plane);
    assert.equal((await ask(url)).body, 'old');
    await plane.apply(configOf(answering('new')));
    assert.equal((await ask(url)).body, 'new');
  });

  test('that could not begin can be given another configuration', async (t) => {
    const plane = createPlane(t);
    const tls = { cert: '/missing/cert.pem', key: '/missing/key.pem' };
    await assert.rejects(plane.apply(configOf({ gateway: { tls } })), { code: 'config_invalid' });
    assert.deepEqual(plane.doors(), []);
    await plane.apply(configOf(answering('well')));
    assert.equal((await ask(urlOf(plane))).body, 'well');
  });

  test('drains: what runs ends, nothing new comes in', async (t) => {
    const asked = Promise.withResolvers<() => void>();
    const backend = await http1Origin(t, (_request, response) => asked.resolve(() => response.end('done')));
    const plane = createPlane(t);
    await plane.apply(configOf({ gateway: { default_backend: backend } }));
    const url = urlOf(plane);
    const answer = ask(url);
    const finish = await asked.promise;
    const drained = plane.drain();
    finish();
    assert.equal((await answer).body, 'done');
    await drained;
    await assert.rejects(ask(url), { code: 'ECONNREFUSED' });
  });

  test('closes: what runs is cut, and the log has its lines', async (t) => {
    const asked = Promise.withResolvers<void>();
    const backend = await http1Origin(t, () => asked.resolve());
    const sink = new MemorySink();
    const plane = createPlane(t, new AccessLog({ format: 'common', sink }));
    await plane.apply(configOf({ gateway: { default_backend: backend } }));
    assert.equal((await ask(`${urlOf(plane)}/health`)).status, 200);
    const answer = assert.rejects(ask(urlOf(plane)));
    await asked.promise;
    await plane.close();
    await answer;
    assert.equal(sink.lines.length, 2);
  });
});
