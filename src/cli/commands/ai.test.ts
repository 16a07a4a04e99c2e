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
