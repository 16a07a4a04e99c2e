import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../../contract/exchange.ts';
import { addRateLimits } from './rate-limit-fields.ts';

test('limits are told under the names of OpenAI, times as how long it is until then', () => {
  const fields = new Map([
    ['anthropic-ratelimit-requests-limit', '50'],
    ['anthropic-ratelimit-requests-remaining', '49'],
    ['anthropic-ratelimit-requests-reset', '2026-01-01T00:00:12.3Z'],
    ['anthropic-ratelimit-tokens-reset', 'soon'],
  ]);
  addRateLimits(fields as unknown as Fields, Date.parse('2026-01-01T00:00:00Z'));
  const told = [...fields].filter(([name]) => name.startsWith('x-'));
  assert.deepEqual(told, [
    ['x-ratelimit-limit-requests', '50'],
    ['x-ratelimit-remaining-requests', '49'],
    ['x-ratelimit-reset-requests', '13s'],
  ]);
});
