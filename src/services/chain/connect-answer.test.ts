import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultOfStatus, readRetryAfter } from './connect-answer.ts';

describe('the refusal of a CONNECT', () => {
  for (const [statuses, about, blame, code] of [
    [[407, 402], 'hop', 'auth', 'hop_auth_failed'],
    [[403, 451], 'hop', 'policy', 'hop_denied'],
    [[429], 'hop', 'busy', 'hop_busy'],
    [[400, 404, 405, 418, 501], 'hop', 'configuration', 'hop_unsupported'],
    [[500, 502, 503, 522], 'next', 'ambiguous', 'upstream_unreachable'],
    [[504], 'next', 'ambiguous', 'upstream_connect_timeout'],
    [[101, 301, 304, 700], 'hop', 'member', 'hop_invalid'],
  ] as const) {
    test(`with ${statuses.join(', ')} is ${code}, blame: ${blame}`, () => {
      for (const status of statuses) {
        const fault = faultOfStatus(status, null);
        assert.deepEqual([fault.about, fault.blame, fault.code, fault.status], [about, blame, code, status]);
        assert.match(fault.detail, new RegExp(String(status)));
      }
    });
  }
});

describe('Retry-After', () => {
  test('is whole seconds, or a date', () => {
    assert.equal(readRetryAfter('120', 0), 120_000);
    assert.equal(readRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 20_000), 40_000);
    assert.equal(readRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 90_000), 0);
  });

  test('is nothing when it is malformed', () => {
    for (const value of ['', 'soon', '-1', '1.5', '9999999999', '1970-01-01', 'Thu, 99 Foo']) {
      assert.equal(readRetryAfter(value, 0), null);
    }
  });
});
