import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { threadContext } from '../../../test/support/thread-context.ts';
import type { Config } from '../../config/config.ts';
import { documentSchema } from '../../config/schema/document.ts';
import type { UsageRecord } from '../../services/usage/usage-record.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { TableLimiter } from '../../services/limiter/table-limiter.ts';
import { aiLimitPolicies, chargedUsage, configuredAllowances } from './assemble-ai-limits.ts';

function config(limits: object, own: object, ai: object = {}): Config {
  const users = [
    { name: 'ann', may: ['ai'], token: 'a', limits: own },
    { name: 'bob', may: ['ai'], token: 'b' },
    { name: 'eve', may: ['gateway'], token: 'c', limits: own },
  ];
  return documentSchema.parse({ users, ai: { enabled: true, limits, ...ai } });
}

describe('what users may have', () => {
  test('is what is said of them, and else what is said of all, key by key', () => {
    const all = { ai_streams: 2, ai_tokens_per_day: 10, ai_models: 'm' };
    const allowances = configuredAllowances(
      config(all, { ai_tokens_per_day: 20, ai_cost_per_month: 5, ai_models: null }),
    );
    assert.deepEqual([...allowances.keys()], ['ann', 'bob']);
    assert.deepEqual(allowances.get('ann'), {
      user: 'ann',
      requestsPerMinute: null,
      streams: 2,
      budgets: [
        { key: 'ai_tokens_per_day', most: 20 },
        { key: 'ai_cost_per_month', most: 5 },
      ],
      providers: null,
      models: null,
    });
    assert.deepEqual(allowances.get('bob')?.models, ['m']);
  });

  test('is all for whom nothing is said, or everything lifted', () => {
    assert.deepEqual([...configuredAllowances(config({}, { ai_streams: 1 })).keys()], ['ann']);
    assert.deepEqual([...configuredAllowances(config({ ai_streams: 1 }, { ai_streams: null })).keys()], ['bob']);
  });

  test('is also said of those who need not say who they are, together', () => {
    const open = config({ ai_streams: 3 }, {}, { auth: 'none' });
    assert.equal(configuredAllowances(open).get('')?.streams, 3);
  });

  test('needs a policy only where somebody has limits', () => {
    const parts = { ...threadContext(1), limiter: new TableLimiter(new LimitTable({ capacity: 8 })) };
    const names = (limits: object): string[] =>
      aiLimitPolicies(config(limits, {}), parts)('claude').map(({ name }) => name);
    assert.deepEqual(names({}), []);
    assert.deepEqual(names({ ai_streams: 1 }), ['ai-limits']);
  });
});

test('what was used is counted against its user with all its tokens, by the price of its model, and told', () => {
  const { budgets } = threadContext(1);
  const told: UsageRecord[] = [];
  const prices = { 'm-1': { input: 1_000_000, output: 2_000_000 } };
  const tell = chargedUsage(config({}, {}, { prices }), budgets, (record) => told.push(record));
  const names = { provider: 'claude', user: 'ann', account: '', session: '', isKnown: true };
  const counts = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
  const atMs = Date.UTC(2026, 1, 3);
  tell({ atMs, ...names, model: 'm-1', ...counts });
  tell({ atMs, ...names, model: 'm-2', ...counts });
  assert.deepEqual(budgets.read(budgets.slotOf('ann'), atMs), {
    dayTokens: 20,
    monthTokens: 20,
    dayCost: 5,
    monthCost: 5,
  });
  assert.equal(told.length, 2);
});
