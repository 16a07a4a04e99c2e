import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Allowance } from '../../services/usage/allowance.ts';
import * as words from './refusal-words.ts';

const ANN: Allowance = {
  user: 'ann',
  requestsPerMinute: 60,
  streams: 4,
  budgets: [{ key: 'ai_cost_per_day', most: 5 }],
  providers: ['claude'],
  models: ['m-1', 'n-*'],
};
const NOW = Date.UTC(2026, 10, 26, 12);

describe('a refusal', () => {
  test('names the limit, and what may be done', () => {
    assert.equal(
      words.deniedProvider(ANN, 'chatgpt').message,
      'User "ann" may use claude (ai_providers), and not chatgpt.',
    );
    assert.equal(words.deniedModel(ANN, 'o"1').message, 'User "ann" may use m-1, n-* (ai_models), and not "o\\"1".');
    assert.ok(words.deniedModel(ANN, 'x'.repeat(10_000)).message.length < 200);
    assert.match(
      words.noModel(ANN).message,
      /\(ai_models\), and this request does not say plainly which one it is for\.$/,
    );
    assert.match(words.deniedWebSocket(ANN, 'ai_models').message, /limits \(ai_models\) .* send a POST\.$/);
    assert.match(
      words.uncounted(ANN, 'ai_cost_per_day').message,
      /a budget \(ai_cost_per_day\), .* cannot be counted\.$/,
    );
    assert.match(words.withoutUsage(ANN, 'ai_cost_per_day').message, /: set stream_options\.include_usage\.$/);
    assert.match(words.inBackground(ANN, 'ai_cost_per_day').message, /in the background cannot be counted\.$/);
  });

  test('says when there is room again', () => {
    const freeAtMs = Date.UTC(2026, 10, 27);
    const [budget] = ANN.budgets;
    const used = words.budgetUsedUp(ANN, { budget: budget!, freeAtMs }, NOW);
    assert.equal(
      used.message,
      'User "ann" has used up the 5 that may be spent of today (ai_cost_per_day); there is more at 2026-11-27T00:00:00Z.',
    );
    assert.equal(used.retryAfterMs, 12 * 3_600_000);
    const month = words.budgetUsedUp(ANN, { budget: { key: 'ai_tokens_per_month', most: 9 }, freeAtMs }, NOW).message;
    assert.match(month, /has used up the 9 tokens of this month \(ai_tokens_per_month\)/);
    assert.match(words.tooManyRequests(ANN, 1500).message, /60 requests a minute .* may come in 2 s\.$/);
    assert.match(words.tooManyStreams(ANN, 1000).message, /has 4 requests under way, .* when one of them has ended\.$/);
  });

  test('speaks of whoever has no name', () => {
    assert.match(words.noModel({ ...ANN, user: '' }).message, /^Whoever comes without a token may use /);
  });
});

test('all limits are told, with what is used', () => {
  const spent = { dayTokens: 0, monthTokens: 0, dayCost: 0.1 + 0.2, monthCost: 9 };
  assert.equal(
    words.described(ANN, spent),
    'User "ann" has ai_providers claude; ai_models m-1, n-*; ai_requests_per_minute 60; ai_streams 4; ai_cost_per_day 5 (used: 0.3)',
  );
});
