import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { AgentShare } from '../agents/agent-share.ts';
import { ask } from '../../../test/support/ask.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { MemorySink } from '../../../test/support/memory-sink.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import { watchThreads } from '../../../test/support/worker-stage.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { BudgetTable } from '../../services/usage/budget-table.ts';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import type { ThreadLog } from './thread-log.ts';
import { WorkerHandle, type WorkerOwner } from './worker-handle.ts';
import type { WorkerCall } from './worker-messages.ts';

class Owner implements WorkerOwner {
  readonly tellUsage = (): void => {};
  readonly takeSpans = (): void => {};
  readonly view = new MetricsView();
  readonly accessSink = new MemorySink();
  readonly said: string[] = [];
  readonly log: ThreadLog = (level, { policy }, message) =>
    void this.said.push(`${level} ${String(policy)}: ${message}`);
  readonly crashes: Error[] = [];
  readonly fault = Promise.withResolvers<readonly [error: Error, origin: string]>();

  faulted(error: Error, origin: string): void {
    this.fault.resolve([error, origin]);
  }

  crashed(_handle: WorkerHandle, error: Error): void {
    this.crashes.push(error);
  }
}

interface Hired {
  readonly handle: WorkerHandle;
  readonly owner: Owner;
  readonly thread: () => Worker;
}

function hire(t: TestContext): Hired {
  const threads: Worker[] = [];
  watchThreads(t, (worker) => threads.push(worker));
  const owner = new Owner();
  const handle = new WorkerHandle(
    {
      threads: 2,
      thread: 0,
      members: new MemberTable().memory,
      limits: new LimitTable().memory,
      running: new RunningTable({ threads: 2 }).memory,
      budgets: new BudgetTable().memory,
      inner: { path: '/nowhere', secret: '', agents: new AgentShare().memory },
      ticketKeys: Buffer.alloc(48),
      tunnelSocket: '/nowhere',
      accessFormat: 'json',
    },
    owner,
  );
  t.after(() => handle.stop());
  return { handle, owner, thread: () => threads[0] ?? assert.fail('there is no thread') };
}

const APPLY: Extract<WorkerCall, { kind: 'apply' }> = {
  kind: 'apply',
  ports: {},
  lists: new Map(),
  caches: new Map(),
  config: configOf({ gateway: { routes: [{ to: { respond: { body: 'hello' } } }] } }),
};

describe('a worker that is called', () => {
  test('answers with its doors', async (t) => {
    const { handle } = hire(t);
    assert.deepEqual(await handle.call({ kind: 'doors' }), []);
    const doors = await handle.call(APPLY);
    assert.deepEqual(
      doors.map(({ name, openConnections }) => [name, openConnections]),
      [['gateway', 0]],
    );
    assert.deepEqual(await handle.call({ kind: 'doors' }), doors);
  });

  test('hands over what it counts and logs', async (t) => {
    const { handle, owner } = hire(t);
    const [door] = await handle.call(APPLY);
    assert.equal((await ask(door!.address)).body, 'hello');
    await handle.call({ kind: 'drain' });
    assert.equal(owner.view.total('sluice_http_requests_total'), 1);
    assert.equal(owner.accessSink.lines.length, 1);
  });

  test('refuses with the code and the words of its error', async (t) => {
    const { handle } = hire(t);
    const tls = { cert: '/missing.pem', key: '/missing.pem' };
    await assert.rejects(handle.call({ ...APPLY, config: configOf({ gateway: { tls } }) }), {
      name: 'SluiceError',
      code: 'config_invalid',
      message: '/missing.pem cannot be read: there is no such file',
    });
    assert.deepEqual(await handle.call({ kind: 'doors' }), []);
  });
});

describe('a worker that ends', () => {
  test('by itself is reported, and what it was asked is refused', async (t) => {
    const asked = Promise.withResolvers<void>();
    const backend = await http1Origin(t, () => asked.resolve());
    const { handle, owner, thread } = hire(t);
    const [door] = await handle.call({ ...APPLY, config: configOf({ gateway: { default_backend: backend } }) });
    const answer = assert.rejects(ask(door!.address));
    await asked.promise;
    const drain = assert.rejects(handle.call({ kind: 'drain' }), { message: 'the worker ended by itself' });
    await thread().terminate();
    await drain;
    await answer;
    assert.deepEqual(
      owner.crashes.map(({ message }) => message),
      ['the worker ended by itself'],
    );
    await assert.rejects(handle.call({ kind: 'doors' }), { code: 'internal', message: 'the worker is gone' });
  });

  test('since it was told to is not reported, and what it counted stays', async (t) => {
    const { handle, owner } = hire(t);
    const [door] = await handle.call(APPLY);
    await ask(door!.address);
    await handle.stop();
    assert.deepEqual(owner.crashes, []);
    await assert.rejects(handle.call({ kind: 'doors' }), { code: 'internal' });
    assert.equal(owner.view.total('sluice_http_requests_total'), 1);
    assert.equal(owner.view.total('sluice_connections_open'), 0);
  });
});

test('an error that nothing in the worker handled is reported as it was there', async (t) => {
  const { handle, owner, thread } = hire(t);
  await handle.call({ kind: 'doors' });
  thread().postMessage(null);
  const [error, origin] = await owner.fault.promise;
  assert.equal(error.name, 'TypeError');
  assert.match(error.stack ?? '', /^TypeError: .*\n +at .*worker\.ts/);
  assert.equal(origin, 'uncaughtException');
});
