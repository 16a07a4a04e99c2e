import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runAdmin } from '../../../test/support/running-admin.ts';
import type { AccountReport } from '../../runtime/accounts/account-desk.ts';
import { main } from '../main.ts';

const MINE: AccountReport = {
  provider: 'claude',
  id: 'mine',
  kind: 'store',
  file: '/home/me/.claude/.credentials.json',
  state: 'ok',
  reason: null,
  expiresAtMs: Date.now() + 2 * 3_600_000 + 30_000,
  isOpen: false,
  retryAtMs: null,
  weight: 1,
  requests: 0,
  active: 0,
  quota: [],
};
const KEY: AccountReport = { ...MINE, id: '2', kind: 'api_key', file: null, expiresAtMs: null };

describe('sluice ai accounts', () => {
  test('shows how accounts are, what has to be done, and what logins of a subscription are for', async (t) => {
    const admin = await runAdmin(t);
    const reason = 'the provider does not accept this login any more: sign in again';
    const dead: AccountReport = { ...MINE, provider: 'chatgpt', id: '1', state: 'dead', reason, expiresAtMs: 0 };
    admin.desk.accounts = [MINE, KEY, { ...dead, isOpen: true }];
    const cli = admin.cli();
    assert.equal(await main(['ai', 'accounts'], cli), 0, cli.err);
    assert.deepEqual(cli.out.split('\n').slice(0, 6), [
      'claude/mine  ok, holds for 2h 0m  /home/me/.claude/.credentials.json',
      'claude/2  ok  an API key',
      'chatgpt/1  dead: sign in again, has run out  /home/me/.claude/.credentials.json',
      `  ${reason}`,
      '  others than its owner can read this file: chmod 600',
      '',
    ]);
    assert.match(cli.out, /owner's own use of the provider's own programs/);
  });

  test('shows what accounts have left, and until when they are left alone', async (t) => {
    const admin = await runAdmin(t);
    const from = (ms: number): number => Date.now() + ms + 500;
    const known = { limit: null, remaining: null, minutes: null };
    const quota = [
      { ...known, window: 'primary', left: 0.051, minutes: 300, resetsAtMs: from(3_599_000) },
      { ...known, window: 'input_tokens', left: 0.9, limit: 1000, remaining: 900, resetsAtMs: from(59_000) },
    ];
    const limited = { state: 'cooling', retryAtMs: from(89_000), weight: 2, requests: 7, active: 1, quota } as const;
    admin.desk.accounts = [
      { ...KEY, ...limited },
      { ...KEY, state: 'auth_failed', reason: 'the provider does not accept it', requests: 1 },
    ];
    const cli = admin.cli();
    await main(['ai', 'accounts'], cli);
    assert.deepEqual(cli.out.split('\n'), [
      'claude/2  cooling for 1m 30s  an API key',
      '  7 requests, 1 running, weight 2',
      '  primary (5h 0m): 5 % left, anew in 1h 0m',
      '  input tokens: 90 % left, 900 of 1000, anew in 1m 0s',
      'claude/2  refused  an API key',
      '  the provider does not accept it',
      '  1 request',
      '',
    ]);
  });

  test('says nothing of subscriptions where there are none', async (t) => {
    const admin = await runAdmin(t);
    const none = admin.cli();
    await main(['ai', 'accounts'], none);
    assert.match(none.out, /^No accounts: /);
    admin.desk.accounts = [KEY];
    const keys = admin.cli();
    await main(['ai', 'accounts'], keys);
    assert.equal(keys.out, 'claude/2  ok  an API key\n');
  });

  test('gives all of it as JSON', async (t) => {
    const admin = await runAdmin(t);
    admin.desk.accounts = [KEY];
    const cli = admin.cli();
    await main(['ai', 'accounts', '--json'], cli);
    const { schema, accounts } = JSON.parse(cli.out);
    assert.deepEqual([schema, accounts.length, accounts[0].kind], ['sluice.ai-accounts/v1', 1, 'api_key']);
  });
});
