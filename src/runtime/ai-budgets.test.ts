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
  readonly budgets = new AiBudgets(this.counts, {
    sums: (question) => {
      this.asked.push(question);
      return this.sums;
    },
  });

  spent(user: string): number[] {
    const { budgets } = this.counts;
    const { dayTokens, monthTokens, dayCost, monthCost } = budgets.read(budgets.slotOf(user), NOW);
    return [dayTokens, monthTokens, dayCost, monthCost];
  }
}

describe('what was used before a start', () => {
  test('counts against the budgets of today and of this month', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW });
    const stage = new Stage();
    stage.budgets.prepare(config({ ai_tokens_per_day: 5 }));
    assert.deepEqual(stage.asked, [
      { fromMs: Date.UTC(2026, 10, 1), toMs: Date.UTC(2026, 10, 27), by: ['day', 'user'] },
    ]);
    assert.deepEqual(stage.spent('ann'), [17, 120, 10, 110]);
    assert.deepEqual(stage.spent(''), [10, 10, 7, 7]);
  });

  test('is looked up when there are budgets, once, and again when prices are others', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW });
    const stage = new Stage();
    stage.budgets.prepare(config({ ai_streams: 5 }));
    assert.equal(stage.asked.length, 0);
    stage.budgets.prepare(config({ ai_cost_per_day: 5 }));
    stage.budgets.prepare(config({ ai_cost_per_day: 6 }));
    assert.equal(stage.asked.length, 1);
    stage.budgets.prepare(config({ ai_cost_per_day: 6 }, 2));
    assert.deepEqual(stage.spent('ann'), [17, 120, 20, 220]);
  });

  test('is not forgotten because it cannot be read', () => {
    const budgets = new AiBudgets(threadContext(1), {
      sums: () => {
        throw new Error('no');
      },
    });
    assert.throws(() => budgets.prepare(config({ ai_tokens_per_day: 5 })));
  });
});

test('what users have left is told by limit', (t) => {
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
  budgets.prepare(wanted);
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
