import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fieldsOf } from '../../../test/support/account-rig.ts';
import { type AccountDialect, isOfModelAlone, QUOTA_WINDOWS, readQuota, readQuotaEvent } from './quota-fields.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

/** As `window used limit/remaining resets minutes`. */
function told(dialect: AccountDialect, fields: Readonly<Record<string, string>>): string[] {
  return readQuota(dialect, fieldsOf(fields), NOW_MS).map(({ window, used, limit, remaining, resetsAtMs, minutes }) => {
    const resets = resetsAtMs === null ? '-' : (resetsAtMs - NOW_MS) / 1000;
    return `${QUOTA_WINDOWS[dialect][window]} ${used} ${limit}/${remaining} ${resets} ${minutes}`;
  });
}

describe('what Anthropic tells of quotas', () => {
  test('is read for keys', () => {
    const fields = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '40',
      'anthropic-ratelimit-requests-reset': '2026-01-01T00:01:00Z',
      'anthropic-ratelimit-input-tokens-limit': '1000',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'retry-after': '3',
    };
    assert.deepEqual(told('anthropic', fields), [
      'requests 0.19999999999999996 50/40 60 null',
      'input_tokens 1 1000/0 - null',
    ]);
  });

  test('is read for subscriptions', () => {
    const at = String(NOW_MS / 1000 + 7200);
    const fields = {
      'anthropic-ratelimit-unified-status': 'allowed_warning',
      'anthropic-ratelimit-unified-reset': at,
      'anthropic-ratelimit-unified-5h-utilization': '0.95',
      'anthropic-ratelimit-unified-5h-reset': at,
      'anthropic-ratelimit-unified-7d-utilization': '1.2',
    };
    assert.deepEqual(told('anthropic', fields), [
      '5h 0.95 null/null 7200 null',
      '7d 1 null/null - null',
      'unified 0 null/null 7200 null',
    ]);
    assert.deepEqual(told('anthropic', { 'anthropic-ratelimit-unified-status': 'rejected' }), [
      'unified 1 null/null - null',
    ]);
    assert.deepEqual(told('anthropic', { 'anthropic-ratelimit-unified-5h-status': 'rejected' }), [
      '5h 1 null/null - null',
    ]);
  });

  test('may be of one model alone, which says nothing of the account', () => {
    const fields = {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-5h-utilization': '0.2',
      'anthropic-ratelimit-unified-7d-utilization': '0.4',
      'anthropic-ratelimit-unified-7d_opus-utilization': '1',
    };
    assert.deepEqual(told('anthropic', fields), ['5h 0.2 null/null - null', '7d 0.4 null/null - null']);
    assert.equal(isOfModelAlone(fieldsOf(fields)), true);
    const all = { ...fields, 'anthropic-ratelimit-unified-5h-utilization': '1' };
    assert.deepEqual([isOfModelAlone(fieldsOf(all)), isOfModelAlone(fieldsOf({}))], [false, false]);
  });
});

describe('what OpenAI tells of quotas', () => {
  test('is read for ChatGPT', () => {
    const fields = {
      'x-codex-primary-used-percent': '12.5',
      'x-codex-primary-window-minutes': '300',
      'x-codex-primary-reset-after-seconds': '90',
      'x-codex-secondary-used-percent': '100',
      'x-codex-secondary-reset-at': String(NOW_MS / 1000 + 60),
    };
    assert.deepEqual(told('openai', fields), ['primary 0.125 null/null 90 300', 'secondary 1 null/null 60 null']);
  });

  test('is read for keys', () => {
    const fields = {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '30',
      'x-ratelimit-reset-requests': '6m1.5s',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '250',
      'x-ratelimit-reset-tokens': '20ms',
    };
    assert.deepEqual(told('openai', fields), ['requests 0.5 60/30 361.5 null', 'tokens 0.75 1000/250 0.02 null']);
  });
});

test('what ChatGPT says on a WebSocket is the same', () => {
  const primary = { used_percent: 40, window_minutes: 300, reset_at: 1_700_009_000 };
  const known = { limit: null, remaining: null };
  assert.deepEqual(readQuotaEvent({ primary, secondary: { used_percent: 5 }, other: primary }), [
    { window: 2, used: 0.4, ...known, resetsAtMs: 1_700_009_000_000, minutes: 300 },
    { window: 3, used: 0.05, ...known, resetsAtMs: null, minutes: null },
  ]);
  for (const wrong of [null, 'x', [], { primary: null, secondary: { used_percent: '5' } }]) {
    assert.deepEqual(readQuotaEvent(wrong), []);
  }
});

test('what is not understood, or belongs to somebody else, is left out', () => {
  assert.deepEqual(told('openai', { 'anthropic-ratelimit-requests-limit': '50', 'content-type': 'text/plain' }), []);
  for (const wrong of ['', '-1', 'many', '1e9', '0x10']) {
    const fields = {
      'x-codex-primary-used-percent': wrong,
      'x-ratelimit-limit-requests': '0',
      'x-ratelimit-remaining-requests': wrong,
    };
    assert.deepEqual(told('openai', fields), [], wrong);
  }
});
