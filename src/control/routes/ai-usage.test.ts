import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { UsageQuestion, UsageSum } from '../../state/usage-row.ts';

const MILLION = 1_000_000;

/** Somebody has used a model that has a price, and one that has none. */
async function deskWithUsage(): Promise<{ readonly desk: AdminDesk; readonly asked: UsageQuestion[] }> {
  const desk = await AdminDesk.open();
  const asked: UsageQuestion[] = [];
  const sums = (question: UsageQuestion): UsageSum[] => {
    asked.push(question);
    const keys = Object.fromEntries(question.by.map((key) => [key, key === 'session' ? '=1,"' : key]));
    const tokens = { input: MILLION, output: MILLION, cacheRead: MILLION, cacheWrite: MILLION };
    return ['m-1', 'm-2'].map((model) => ({
      keys: { ...keys, user: model },
      model,
      requests: 2,
      unknown: 1,
      cached: 1,
      ...tokens,
    }));
  };
  const { config } = desk.parts.sluice.loaded;
  const prices = { 'm-1': { input: 3, output: 15, cache_read: 0.5, cache_write: 4 } };
  const loaded = { ...desk.parts.sluice.loaded, config: { ...config, ai: { ...config.ai, prices } } };
  Object.assign(desk.parts.sluice, { usage: { sums }, loaded });
  return { desk, asked };
}

const FACTS = {
  requests: 2,
  unknown_requests: 1,
  cached_requests: 1,
  input_tokens: MILLION,
  output_tokens: MILLION,
  cache_read_tokens: MILLION,
  cache_write_tokens: MILLION,
};

describe('GET /api/v1/ai/usage', () => {
  test('tells what was used and what it has cost, where there are prices', async () => {
    const { desk, asked } = await deskWithUsage();
    const answer = await desk.ask('/api/v1/ai/usage?from=2026-01-01&to=2026-01-31&by=user', { headers: AUTHORIZED });
    assert.deepEqual(await answer.json(), {
      from: '2026-01-01',
      to: '2026-01-31',
      usage: [
        { user: 'm-1', ...FACTS, cost: 22.5, unpriced_requests: 0 },
        { user: 'm-2', ...FACTS, cost: null, unpriced_requests: 1 },
      ],
    });
    assert.deepEqual(asked, [{ fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 1, 1), by: ['user'] }]);
  });

  test('is about thirty days up to today, by day, user and model, when nothing is said', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 30, 12) });
    const { desk, asked } = await deskWithUsage();
    await desk.ask('/api/v1/ai/usage', { headers: AUTHORIZED });
    const by = ['day', 'user', 'model'];
    assert.deepEqual(asked, [{ fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 31), by }]);
  });

  test('comes as a table for whoever asks for one, and no cell of it is a formula', async () => {
    const { desk } = await deskWithUsage();
    const headers = { ...AUTHORIZED, Accept: 'text/csv' };
    for (const [path, more] of [
      ['/api/v1/ai/usage?by=user,session', headers],
      ['/api/v1/ai/usage?by=user,session&format=csv', AUTHORIZED],
    ] as const) {
      const answer = await desk.ask(path, { headers: more });
      assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8');
      assert.equal(
        await answer.text(),
        'user,session,requests,unknown_requests,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,cost,unpriced_requests,cached_requests\r\n' +
          'm-1,"\'=1,""",2,1,1000000,1000000,1000000,1000000,22.5,0,1\r\n' +
          'm-2,"\'=1,""",2,1,1000000,1000000,1000000,1000000,,1,1\r\n',
      );
    }
  });

  test('wants a token, days that are some, and sums by what there is', async () => {
    const { desk } = await deskWithUsage();
    assert.equal(await refused(await desk.ask('/api/v1/ai/usage')), '401 unauthorized');
    for (const query of ['from=yesterday', 'to=2026-02-30', 'by=weather', 'by=user,weather', 'format=xml']) {
      const answer = await desk.ask(`/api/v1/ai/usage?${query}`, { headers: AUTHORIZED });
      assert.equal(await refused(answer), '422 invalid_input', query);
    }
  });
});
