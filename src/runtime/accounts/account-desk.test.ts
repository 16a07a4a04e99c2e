import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { accountDesk } from '../../../test/support/account-desk.ts';
import { partsOfAi } from '../../../test/support/ai-parts.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { tokenStandIn } from '../../../test/support/token-endpoint.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { aiAccounts } from '../assemble/assemble-ai-accounts.ts';

describe('the accounts of providers of AI', () => {
  test('are kept fresh from the start, and told of', async (t) => {
    const file = join(temporaryFolder(t), '.credentials.json');
    const endpoint = await tokenStandIn(t);
    const login = { accessToken: 'access-0', refreshToken: 'refresh-0', expiresAt: Date.now() - 1 };
    writeFileSync(file, JSON.stringify({ claudeAiOauth: login }), { mode: 0o600 });
    const claude = { token_url: endpoint.url, credentials: [{ id: 'mine', store: file }, { api_key: 'sk-secret' }] };
    const desk = accountDesk();
    desk.follow(configOf({ ai: { enabled: true, providers: { claude } } }));
    t.after(() => desk.stop());
    await endpoint.askedTimes(1);
    while (desk.reports()[0]?.state !== 'ok') await new Promise(setImmediate);
    const [mine, key] = desk.reports();
    assert.deepEqual([mine?.provider, mine?.id, mine?.kind, mine?.file], ['claude', 'mine', 'store', file]);
    assert.ok((mine?.expiresAtMs ?? 0) > Date.now());
    const unused = { retryAtMs: null, weight: 1, requests: 0, active: 0, quota: [] };
    const fine = { state: 'ok', reason: null, expiresAtMs: null, isOpen: false, ...unused };
    assert.deepEqual(key, { provider: 'claude', id: '2', kind: 'api_key', file: null, ...fine });
    assert.doesNotMatch(JSON.stringify(desk.reports()), /sk-secret|access-|refresh-/);
  });

  test('that are dead are said to be once', async (t) => {
    const said: string[] = [];
    const told = Promise.withResolvers<void>();
    const desk = accountDesk((message) => {
      said.push(message);
      told.resolve();
    });
    const store = join(temporaryFolder(t), 'missing.json');
    const config = configOf({ ai: { enabled: true, providers: { chatgpt: { credentials: { store } } } } });
    desk.follow(config);
    t.after(() => desk.stop());
    await told.promise;
    desk.follow(config);
    assert.deepEqual(said, ['the login of an account cannot be used']);
    assert.equal(desk.reports()[0]?.reason, `${store} does not exist`);
  });

  test('are said to be left alone, and to be used again', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const said: string[] = [];
    const table = new MemberTable({ capacity: 32 });
    const desk = accountDesk((message) => void said.push(message), table);
    t.after(() => desk.stop());
    const credentials = [
      { id: 'one', api_key: 'k1' },
      { id: 'two', api_key: 'k2' },
    ];
    const config = configOf({ ai: { enabled: true, providers: { claude: { credentials } } } });
    desk.follow(config);
    const target = aiAccounts(config, partsOfAi(config, table)).get('claude');
    t.after(() => target?.dispose());
    const [one, two] = target?.accounts.members ?? [];
    one?.judge(0, { kind: 'busy', retryAfterMs: 60_000 });
    two?.judge(0, { kind: 'auth_failed', reason: 'credential_unavailable' });
    const states = (): string[] => desk.reports().map(({ state, retryAtMs }) => `${state} ${retryAtMs !== null}`);
    assert.deepEqual(states(), ['cooling true', 'auth_failed true']);
    const looks = async (): Promise<void> => {
      t.mock.timers.tick(5_000);
      await new Promise(setImmediate);
    };
    await looks();
    await looks();
    assert.deepEqual(said, [
      'an account is limited by its provider and left alone',
      'an account is refused by its provider',
    ]);
    one?.forgive();
    await looks();
    assert.deepEqual(said.slice(2), ['an account is used again']);
    assert.deepEqual(states(), ['ok false', 'auth_failed true']);
  });

  test('are none where they are not asked for, or not any more', (t) => {
    const desk = accountDesk();
    t.after(() => desk.stop());
    const providers = { claude: { credentials: { api_key: 'k' } } };
    desk.follow(configOf({ ai: { enabled: true, providers } }));
    assert.equal(desk.reports().length, 1);
    desk.follow(configOf({ ai: { enabled: false, providers } }));
    assert.deepEqual(desk.reports(), []);
  });
});
