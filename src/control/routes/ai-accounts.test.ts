import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';

describe('GET /api/v1/ai/accounts', () => {
  test('tells how the accounts are', async () => {
    const desk = await AdminDesk.open();
    const mine = { provider: 'claude', id: 'mine', kind: 'store', file: '/home/me/.claude/.credentials.json' } as const;
    const window = { window: '5h', left: 0.25, limit: null, remaining: null, minutes: null };
    const used = { weight: 2, requests: 7, active: 1 };
    const login = { state: 'dead', reason: 'sign in again', expiresAtMs: 0, isOpen: true } as const;
    desk.accounts = [{ ...mine, ...login, ...used, retryAtMs: null, quota: [{ ...window, resetsAtMs: 0 }] }];
    const answer = await desk.ask('/api/v1/ai/accounts', { headers: AUTHORIZED });
    const expires = new Date(0).toISOString();
    const told = {
      ...mine,
      ...used,
      state: 'dead',
      reason: 'sign in again',
      expires_at: expires,
      readable_by_others: true,
      retry_at: null,
      quota: [{ ...window, resets_at: expires }],
    };
    assert.deepEqual(await answer.json(), { accounts: [told] });
  });

  test('needs a token', async () => {
    const desk = await AdminDesk.open();
    assert.equal(await refused(await desk.ask('/api/v1/ai/accounts')), '401 unauthorized');
  });
});
