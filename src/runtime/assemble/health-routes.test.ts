import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { ask } from '../../../test/support/ask.ts';
import { Gateway } from '../../../test/support/gateway.ts';
import { http1Origin } from '../../../test/support/origins.ts';
import { RawClient } from '../../../test/support/raw-client.ts';
import type { Answer, Exchange, Producer } from '../../contract/exchange.ts';
import { healthRoutes, type Readiness } from './health-routes.ts';

/** What a program in that state answers under the path. */
function answerOf(readiness: Readiness, path: string): readonly [status: number, body: unknown] {
  const target = healthRoutes(readiness, () => 3).find(({ match }) => match.path === path)?.target;
  if (target?.kind !== 'answer') assert.fail(`${path} does not answer`);
  let given: Answer | undefined;
  const exchange: Pick<Exchange, 'produce' | 'answer'> = {
    produce: (producer: Producer) => producer.takeEnd(),
    answer: (answer) => {
      given = answer;
    },
  };
  target.take(exchange as Exchange);
  assert.ok(given, 'nothing was answered');
  return [given.status, JSON.parse(String(given.body))];
}

describe('health', () => {
  const ok = (check: string): object => ({ status: 'ok', checks: { [check]: 'ok' } });

  test('of a program that is ready is well in every respect', () => {
    const ready = { started: true, draining: false };
    assert.deepEqual(answerOf(ready, '/health/liveness'), [200, ok('process')]);
    assert.deepEqual(answerOf(ready, '/health/readiness'), [200, ok('gateway')]);
    assert.deepEqual(answerOf(ready, '/health/startup'), [200, ok('config')]);
    assert.partialDeepStrictEqual(answerOf(ready, '/health'), [200, { status: 'ok', active_agents: 3 }]);
  });

  test('of a program that starts is alive, but neither started nor ready', () => {
    const starting = { started: false, draining: false };
    assert.equal(answerOf(starting, '/health/liveness')[0], 200);
    assert.equal(answerOf(starting, '/health/readiness')[0], 503);
    assert.deepEqual(answerOf(starting, '/health/startup'), [
      503,
      { status: 'unavailable', checks: { config: 'loading' } },
    ]);
  });

  test('of a program that drains is alive and started, but not ready', () => {
    const draining = { started: true, draining: true };
    assert.equal(answerOf(draining, '/health/liveness')[0], 200);
    assert.equal(answerOf(draining, '/health/startup')[0], 200);
    assert.deepEqual(answerOf(draining, '/health/readiness'), [
      503,
      { status: 'unavailable', checks: { gateway: 'draining' } },
    ]);
  });

  test('in short says the time and how many agents run', async (t) => {
    const gateway = await Gateway.open(t, {});
    const { status, headers, body } = await ask(`${gateway.url}/health`);
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['cache-control'], 'no-store');
    const summary = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual({ ...summary, timestamp: '' }, { status: 'ok', timestamp: '', active_agents: 0 });
    assert.equal(new Date(String(summary['timestamp'])).toISOString(), summary['timestamp']);
  });

  test('is asked for with GET or HEAD', async (t) => {
    const gateway = await Gateway.open(t, {});
    assert.equal((await ask(`${gateway.url}/health/liveness`, { method: 'HEAD' })).status, 200);
    assert.equal((await ask(`${gateway.url}/health/liveness`, { method: 'POST' })).status, 404);
  });

  test('turns on connections that are open already when the gateway drains', async (t) => {
    const asked = Promise.withResolvers<() => void>();
    const backend = await http1Origin(t, (_request, response) => asked.resolve(() => response.end('done')));
    const gateway = await Gateway.open(t, { gateway: { default_backend: backend } });
    const client = await RawClient.connect(t, gateway.port);
    client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /health/readiness HTTP/1.1\r\nHost: a\r\n\r\n');
    const finish = await asked.promise;
    const drained = gateway.plane.drain();
    await nextTurn();
    finish();
    await client.closed();
    await drained;
    const [first, second] = client.answers();
    assert.deepEqual([first?.status, first?.body], [200, 'done']);
    // The connection may end with the answer that was under way; if not, readiness says the truth.
    assert.ok(second === undefined || second.status === 503, client.text);
  });
});
