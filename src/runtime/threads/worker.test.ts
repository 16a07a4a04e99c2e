import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { AgentShare } from '../agents/agent-share.ts';
import { ask } from '../../../test/support/ask.ts';
import { configOf, type GatewaySettings } from '../../../test/support/gateway.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { RunningTable } from '../../services/limiter/running-table.ts';
import { BudgetTable } from '../../services/usage/budget-table.ts';
import type { WorkerCall, WorkerMessage, WorkerStart } from './worker-messages.ts';

type Kind = WorkerMessage['kind'];
type Said<K extends Kind> = Extract<WorkerMessage, { kind: K }>;

/** The thread itself: what is said to it, and what it says. */
class Thread {
  readonly worker: Worker;
  readonly said: WorkerMessage[] = [];

  constructor(t: TestContext, accessFormat: WorkerStart['accessFormat'] = 'json') {
    const start: WorkerStart = {
      threads: 2,
      thread: 0,
      ticketKeys: Buffer.alloc(48),
      members: new MemberTable().memory,
      limits: new LimitTable().memory,
      running: new RunningTable({ threads: 2 }).memory,
      budgets: new BudgetTable().memory,
      inner: { path: '/nowhere', secret: '', agents: new AgentShare().memory },
      tunnelSocket: '/nowhere',
      accessFormat,
    };
    this.worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
    this.worker.on('message', (message: WorkerMessage) => this.said.push(message));
    t.after(() => this.worker.terminate());
  }

  ask(id: number, call: WorkerCall): void {
    this.worker.postMessage({ id, call });
  }

  apply(id: number, settings: GatewaySettings): void {
    this.ask(id, { kind: 'apply', config: configOf(settings), ports: {}, lists: new Map(), caches: new Map() });
  }

  all<K extends Kind>(kind: K): Said<K>[] {
    return this.said.filter((message): message is Said<K> => message.kind === kind);
  }

  async answerTo(id: number): Promise<Said<'answer'>> {
    for (;;) {
      const found = this.all('answer').find((answer) => answer.id === id);
      if (found !== undefined) return found;
      await once(this.worker, 'message');
    }
  }
}

const answering = (body: string): GatewaySettings => ({ gateway: { routes: [{ to: { respond: { body } } }] } });

describe('a worker thread', () => {
  test('says where it counts before it says anything else', async (t) => {
    const thread = new Thread(t);
    thread.ask(1, { kind: 'doors' });
    await thread.answerTo(1);
    const [first, second] = thread.said;
    if (first?.kind !== 'metrics') assert.fail('the first word is another one');
    assert.ok(first.slab instanceof SharedArrayBuffer);
    assert.equal(second?.kind, 'define');
  });

  test('answers every call with its number and its doors', async (t) => {
    const thread = new Thread(t);
    thread.apply(7, answering('hello'));
    const { doors, error } = await thread.answerTo(7);
    assert.equal(error, null);
    assert.equal((await ask(doors[0]!.address)).body, 'hello');
    thread.apply(8, { gateway: { tls: { cert: '/missing.pem', key: '/missing.pem' } } });
    const { error: refusal } = await thread.answerTo(8);
    assert.deepEqual(refusal, {
      code: 'config_invalid',
      message: '/missing.pem cannot be read: there is no such file',
    });
  });

  test('brings configurations that come at once into force in their order, on the same doors', async (t) => {
    const thread = new Thread(t);
    thread.apply(1, answering('old'));
    thread.apply(2, answering('new'));
    const [{ doors: before }, { doors: after }] = await Promise.all([thread.answerTo(1), thread.answerTo(2)]);
    assert.deepEqual(after, before);
    const bodies = await Promise.all(Array.from({ length: 10 }, () => ask(after[0]!.address)));
    assert.deepEqual(new Set(bodies.map(({ body }) => body)), new Set(['new']));
  });

  test('drains until nothing runs, says meanwhile what is open, and hands over the log first', async (t) => {
    const asked = Promise.withResolvers<() => void>();
    const backend = await http1Origin(t, (_request, response) => asked.resolve(() => response.end('done')));
    const thread = new Thread(t);
    thread.apply(1, { gateway: { default_backend: backend } });
    const { doors } = await thread.answerTo(1);
    const answer = ask(doors[0]!.address);
    const finish = await asked.promise;
    thread.ask(2, { kind: 'drain' });
    thread.ask(3, { kind: 'doors' });
    assert.equal((await thread.answerTo(3)).doors[0]?.openConnections, 1);
    assert.deepEqual(
      thread.all('answer').map(({ id }) => id),
      [1, 3],
    );
    finish();
    assert.equal((await answer).body, 'done');
    await thread.answerTo(2);
    const [line] = thread.all('log-lines');
    assert.equal(line?.count, 1);
    assert.ok(thread.said.indexOf(line) < thread.said.indexOf(await thread.answerTo(2)));
  });

  test('logs nothing when it is told no format', async (t) => {
    const thread = new Thread(t, null);
    thread.apply(1, answering('hello'));
    const { doors } = await thread.answerTo(1);
    await ask(doors[0]!.address);
    thread.ask(2, { kind: 'drain' });
    await thread.answerTo(2);
    assert.deepEqual(thread.all('log-lines'), []);
  });

  test('reports errors that nothing handled, and ends when they come again and again', async (t) => {
    const thread = new Thread(t);
    thread.ask(1, { kind: 'doors' });
    await thread.answerTo(1);
    const ended = once(thread.worker, 'exit');
    for (let i = 0; i < 9; i++) thread.worker.postMessage(null);
    thread.ask(2, { kind: 'doors' });
    await thread.answerTo(2);
    assert.equal(thread.all('fault').length, 9);
    assert.equal(thread.all('fault')[0]?.name, 'TypeError');
    thread.worker.postMessage(null);
    assert.deepEqual(await ended, [1]);
    assert.equal(thread.all('fault').length, 10);
  });
});

test('the entry of a worker is of no use outside of a worker', async () => {
  await assert.rejects(import('./worker.ts'), { code: 'internal', message: /outside of a worker thread/ });
});
