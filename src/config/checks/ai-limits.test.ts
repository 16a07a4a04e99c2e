import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documentSchema } from '../schema/document.ts';
import { checkAiLimits } from './ai-limits.ts';

function found(ai: object, limits: object = {}): string[] {
  const users = [{ name: 'a', may: ['ai'], token: 'a-token-of-alice-1', limits }];
  const config = documentSchema.parse({ ai: { enabled: true, ...ai }, users });
  return checkAiLimits({ config, isWritten: () => true }).map(({ severity, path, message }) => {
    return `${severity ?? 'error'} ${path.join('.')}: ${message}`;
  });
}

const PRICES = { 'claude-sonnet-*': { input: 3 }, 'gpt-5': { input: 1 } };

describe('a budget of money', () => {
  test('needs a price of some model', () => {
    const nothing = 'what is used cannot be counted against this budget: no model has a price';
    assert.deepEqual(found({}, { ai_cost_per_day: 5 }), [`warning users.0.limits.ai_cost_per_day: ${nothing}`]);
    assert.deepEqual(found({ limits: { ai_cost_per_month: 5 } }), [`warning ai.limits.ai_cost_per_month: ${nothing}`]);
    assert.deepEqual(found({ prices: PRICES }, { ai_cost_per_day: 5 }), []);
    assert.deepEqual(found({}, { ai_cost_per_day: null, ai_tokens_per_day: 5 }), []);
    assert.deepEqual(found({ enabled: false }, { ai_cost_per_day: 5 }), []);
  });

  test('needs one for each model that may be used, as far as these are known', () => {
    const allowed = ['claude-*', 'claude-sonnet-5', 'gpt-5', 'gpt-5-mini', 'o-*'];
    const [said] = found({ prices: PRICES }, { ai_cost_per_day: 5, ai_models: allowed });
    assert.match(said ?? '', /: gpt-5-mini, o-\* has no price$/);
    assert.deepEqual(found({ prices: PRICES, limits: { ai_models: 'o-1' } }, { ai_cost_per_day: 5 }).length, 1);
    assert.deepEqual(
      found({ prices: PRICES, limits: { ai_models: 'o-1' } }, { ai_cost_per_day: 5, ai_models: null }),
      [],
    );
  });
});

test('a budget of a month needs what was used to be kept for a month', () => {
  const usage = { keep: '7d', keep_sums: '30d' };
  assert.deepEqual(found({ usage }, { ai_tokens_per_month: 5, ai_tokens_per_day: 5 }), [
    'warning users.0.limits.ai_tokens_per_month: after a start, what was used is known for less than a month',
  ]);
  assert.deepEqual(found({ usage: { keep: '31d', keep_sums: '1d' } }, { ai_tokens_per_month: 5 }), []);
});
