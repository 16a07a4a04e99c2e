import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { threadContext } from '../../test/support/thread-context.ts';
import type { Config } from '../config/config.ts';
import { documentSchema } from '../config/schema/document.ts';
import type { UsageQuestion, UsageSum } from '../state/usage-row.ts';
import { AiBudgets } from './ai-budgets.ts';

const NOW = Date.UTC(2026, 10, 26, 12);

function config(limits: object, price = 1): Config {
  const prices = { 'm-*': { input: price * 1_000_000 } };
  return documentSchema.parse({
    ai: { enabled: true, prices },
    users: [{ name: 'ann', may: ['ai'], token: 'a', limits }],
  });
}

function sum(day: string, user: string, input: number, model = 'm-1'): UsageSum {
  return {
    keys: { day, user },
    model,
    requests: 1,
    unknown: 0,
    cached: 0,
    input,
    output: 1,
    cacheRead: 1,
    cacheWrite: 1,
  };
}

class Stage {
  readonly asked: UsageQuestion[] = [];
  readonly counts = threadContext(1);
  sums: UsageSum[] = [
    sum('2026-11-01', 'ann', 100),
    sum('2026-11-26', 'ann', 10),
    sum('2026-11-26', 'ann', 1, 'other'),
    sum('2026-11-26', '', 7),
  ];
  server: string | null = null;
  isGone = false;
  readonly warnings: unknown[] = [];
  readonly budgets = new AiBudgets({
    counts: this.counts,
    book: {
      sums: (question) => {
        this.asked.push(question);
        return this.isGone ? Promise.reject(new Error('no')) : Promise.resolve(this.sums);
      },
      state: () => ({ server: this.server, isUp: true, waitingRows: 0, lostRows: 0 }),
    },
    logger: { warn: (...given: unknown[]) => void this.warnings.push(given[1]) },
  });

  spent(user: string): number[] {
    const { budgets } = this.counts;
    const { dayTokens, monthTokens, dayCost, monthCost } = budgets.read(budgets.slotOf(user), NOW);
    return [dayTokens, monthTokens, dayCost, monthCost];
  }
}

describe('what was used before a start', () => {
  test('counts against the budgets of today and of this month', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW });
    const stage = new Stage();
    await stage.budgets.prepare(config({ ai_tokens_per_day: 5 }));
    assert.deepEqual(stage.asked, [
      { fromMs: Date.UTC(2026, 10, 1), toMs: Date.UTC(2026, 10, 27), by: ['day', 'user'] },
    ]);
    assert.deepEqual(stage.spent('ann'), [17, 120, 10, 110]);
    assert.deepEqual(stage.spent(''), [10, 10, 7, 7]);
  });

  test('is looked up when there are budgets, once, and again when prices are others', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW });
    const stage = new Stage();
    await stage.budgets.prepare(config({ ai_streams: 5 }));
    assert.equal(stage.asked.length, 0);
    await stage.budgets.prepare(config({ ai_cost_per_day: 5 }));
    await stage.budgets.prepare(config({ ai_cost_per_day: 6 }));
    assert.equal(stage.asked.length, 1);
    await stage.budgets.prepare(config({ ai_cost_per_day: 6 }, 2));
    assert.deepEqual(stage.spent('ann'), [17, 120, 20, 220]);
  });

  test('is not forgotten because it cannot be read', async () => {
    const stage = new Stage();
    stage.isGone = true;
    await assert.rejects(stage.budgets.prepare(config({ ai_tokens_per_day: 5 })), /no/);
  });
});

describe('what other nodes have used', () => {
  test('is looked up again every few seconds, and never takes away what is counted here', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setInterval'], now: NOW });
    const stage = new Stage();
    stage.server = 'redis://a';
    const wanted = config({ ai_cost_per_day: 5 });
    await stage.budgets.prepare(wanted);
    stage.budgets.follow(wanted);
    const { budgets } = stage.counts;
    budgets.add(budgets.slotOf('ann'), NOW, 3, 3);
    stage.sums = [sum('2026-11-26', 'ann', 12), sum('2026-11-26', 'bob', 7)];
    t.mock.timers.tick(4_000);
    await new Promise(setImmediate);
    assert.deepEqual(stage.spent('ann'), [20, 123, 13, 113]);
    assert.deepEqual(stage.spent('bob'), [10, 10, 7, 7]);
    stage.sums = [sum('2026-11-26', 'ann', 30)];
    t.mock.timers.tick(4_000);
    await new Promise(setImmediate);
    // With the hundred of the days before.
    assert.deepEqual(stage.spent('ann'), [33, 136, 30, 130]);
    stage.budgets.stop();
    t.mock.timers.tick(20_000);
    assert.equal(stage.asked.length, 3);
  });

  test('is looked up of today alone, and of the month from time to time and on another day', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setInterval'], now: NOW });
    const stage = new Stage();
    stage.server = 'redis://a';
    const wanted = config({ ai_cost_per_day: 5 });
    await stage.budgets.prepare(wanted);
    stage.budgets.follow(wanted);
    const asked = async (ms: number): Promise<string> => {
      t.mock.timers.setTime(Date.now() + ms);
      t.mock.timers.tick(4_000);
      await new Promise(setImmediate);
      return new Date(stage.asked.at(-1)?.fromMs ?? 0).toISOString().slice(0, 10);
    };
    assert.equal(await asked(0), '2026-11-26');
    assert.equal(await asked(599_000), '2026-11-01');
    assert.equal(await asked(0), '2026-11-26');
    assert.equal(await asked(12 * 3_600_000), '2026-11-01');
    assert.equal(await asked(0), '2026-11-27');
    stage.budgets.stop();
  });

  test('is waited for when it cannot be read, and nobody looks where there is nobody else or no budget', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setInterval'], now: NOW });
    const stage = new Stage();
    stage.server = 'redis://a';
    stage.isGone = true;
    const wanted = config({ ai_cost_per_day: 5 });
    await stage.budgets.prepare(wanted);
    assert.deepEqual(stage.warnings, ['budgets of AI count what this node has used alone until Redis answers']);
    stage.budgets.follow(wanted);
    t.mock.timers.tick(4_000);
    await new Promise(setImmediate);
    stage.isGone = false;
    t.mock.timers.tick(4_000);
    await new Promise(setImmediate);
    assert.deepEqual(stage.spent('ann'), [17, 120, 10, 110]);
    stage.budgets.follow(config({ ai_streams: 5 }));
    t.mock.timers.tick(4_000);
    stage.server = null;
    stage.budgets.follow(wanted);
    t.mock.timers.tick(4_000);
    assert.equal(stage.asked.length, 3);
  });
});

test('what users have left is told by limit', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: NOW });
  const { budgets, counts } = new Stage();
  const limits = {
    ai_requests_per_minute: 3,
    ai_streams: 2,
    ai_tokens_per_day: 50,
    ai_cost_per_month: 500,
    ai_models: 'm-*',
  };
  const wanted = config(limits);
  await budgets.prepare(wanted);
  counts.limits.take(counts.limits.scope('ai users'), 'ann', { intervalMs: 20_000, burst: 3 });
  counts.running.enter(counts.running.scope('ai users'), 'ann', 2);
  assert.deepEqual(budgets.reports(wanted), [
    {
      user: 'ann',
      providers: null,
      models: ['m-*'],
      limits: [
        { key: 'ai_requests_per_minute', most: 3, used: 1, freeAtMs: null },
        { key: 'ai_streams', most: 2, used: 1, freeAtMs: null },
        { key: 'ai_tokens_per_day', most: 50, used: 17, freeAtMs: Date.UTC(2026, 10, 27) },
        { key: 'ai_cost_per_month', most: 500, used: 110, freeAtMs: Date.UTC(2026, 11, 1) },
      ],
    },
  ]);
});
