import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aiLimitsSchema } from './ai-limits.ts';

test('what nobody has said is not there, and null says that there is no limit', () => {
  assert.deepEqual(aiLimitsSchema.parse({}), {});
  const lifted = { ai_streams: null, ai_models: null, ai_cost_per_day: null };
  assert.deepEqual(aiLimitsSchema.parse(lifted), lifted);
});

test('providers and models are one or several', () => {
  assert.deepEqual(aiLimitsSchema.parse({ ai_providers: 'claude', ai_models: ['m-1', 'm-*', '*'] }), {
    ai_providers: ['claude'],
    ai_models: ['m-1', 'm-*', '*'],
  });
});

test('limits that let nothing through, and models that are none, are refused', () => {
  for (const wrong of [
    { ai_streams: 0 },
    { ai_requests_per_minute: 1.5 },
    { ai_tokens_per_day: -1 },
    { ai_tokens_per_month: '9' },
    { ai_cost_per_day: 0 },
    { ai_cost_per_month: '5' },
    { ai_providers: [] },
    { ai_providers: ['gemini'] },
    { ai_models: [] },
    { ai_models: '' },
    { ai_models: ['*-haiku'] },
    { ai_models: ['a b'] },
    { tokens_per_day: 1 },
  ]) {
    assert.ok(!aiLimitsSchema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
