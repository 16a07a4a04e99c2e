import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultOfSocks } from './socks-answer.ts';

describe('the refusal of a SOCKS server', () => {
  for (const [reply, about, blame, code, status] of [
    [1, 'next', 'ambiguous', 'upstream_unreachable', 502],
    [2, 'hop', 'policy', 'hop_denied', 403],
    [3, 'next', 'ambiguous', 'upstream_unreachable', 502],
    [4, 'next', 'ambiguous', 'upstream_unreachable', 502],
    [5, 'next', 'ambiguous', 'upstream_unreachable', 502],
    [6, 'next', 'ambiguous', 'upstream_connect_timeout', 504],
    [7, 'hop', 'configuration', 'hop_unsupported', 501],
    [8, 'hop', 'configuration', 'hop_unsupported', 501],
    [99, 'next', 'ambiguous', 'upstream_unreachable', 502],
  ] as const) {
    test(`with reply ${reply} is ${code}, blame: ${blame}`, () => {
      const fault = faultOfSocks({ kind: 'refused', reply }, false);
      assert.deepEqual([fault.about, fault.blame, fault.code, fault.status], [about, blame, code, status]);
    });
  }

  test('of our login, or of going without one, is a matter of credentials', () => {
    assert.equal(faultOfSocks({ kind: 'auth_failed' }, true).blame, 'auth');
    assert.match(faultOfSocks({ kind: 'no_method' }, false).detail, /none is configured/);
    assert.match(faultOfSocks({ kind: 'no_method' }, true).detail, /takes no login/);
  });

  test('in words that are not SOCKS is its own fault', () => {
    const fault = faultOfSocks({ kind: 'invalid', detail: 'it does not speak SOCKS5' }, false);
    assert.deepEqual([fault.code, fault.blame], ['hop_invalid', 'member']);
  });
});
