import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestOf } from '../../../test/support/account-rig.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Login } from '../credentials/store-format.ts';
import { type Account, keyAccount, type LoginSource, storeAccount } from './account.ts';

const LOGIN: Login = { accessToken: 'ours', refreshToken: 'hidden', expiresAtMs: null, accountId: null };
const THEIRS = { 'x-api-key': 'theirs', Authorization: 'Bearer theirs', 'chatgpt-account-id': 'theirs', 'X-Own': '1' };

function storeWith(login: Login | null, changes: Partial<LoginSource> = {}): LoginSource {
  return {
    login,
    report: { state: login === null ? 'dead' : 'ok', reason: null, expiresAtMs: null, isOpen: false },
    require: () => Promise.reject(new SluiceError('credential_unavailable')),
    refused: () => Promise.resolve(),
    close: () => Promise.resolve(),
    ...changes,
  };
}

function put(account: Account, fields: Readonly<Record<string, string>> = THEIRS): string[] {
  const { request } = requestOf('', '', fields);
  account.put(request.fields);
  return request.fields
    .entries()
    .flatMap(([name, value]) => (name.toLowerCase() === 'host' ? [] : [`${name}: ${value}`]));
}

describe('a request', () => {
  test('gets a key where the provider looks for it, and nothing that the client has', () => {
    assert.deepEqual(put(keyAccount('sk-own', 'anthropic')), ['X-Own: 1', 'x-api-key: sk-own']);
    assert.deepEqual(put(keyAccount('sk-own', 'openai')), ['X-Own: 1', 'Authorization: Bearer sk-own']);
  });

  test('gets the login of a store, with its account', () => {
    assert.deepEqual(put(storeAccount(storeWith(LOGIN), null)), ['X-Own: 1', 'Authorization: Bearer ours']);
    const named = storeWith({ ...LOGIN, accountId: 'account-1' });
    const account = 'ChatGPT-Account-Id: account-1';
    assert.deepEqual(put(storeAccount(named, null)), ['X-Own: 1', 'Authorization: Bearer ours', account]);
  });

  test('gets a beta feature once, at the end of what the client has', () => {
    const account = storeAccount(storeWith(LOGIN), 'oauth-1');
    const betas = (before: Readonly<Record<string, string>>): string[] =>
      put(account, before).filter((line) => /beta/i.test(line));
    assert.deepEqual(betas({}), ['anthropic-beta: oauth-1']);
    assert.deepEqual(betas({ 'anthropic-beta': 'a-1,b-2, c-3' }), ['anthropic-beta: a-1,b-2, c-3,oauth-1']);
    assert.deepEqual(betas({ 'Anthropic-Beta': 'a-1, oauth-1 ,b-2' }), ['Anthropic-Beta: a-1, oauth-1 ,b-2']);
    const several = { 'anthropic-beta': 'a-1', 'Anthropic-beta': 'b-2' };
    assert.deepEqual(betas(several), ['anthropic-beta: a-1', 'Anthropic-beta: b-2', 'anthropic-beta: oauth-1']);
  });
});

describe('the login of a store', () => {
  test('is not ready before its file was read, and dead only afterwards', async () => {
    const account = storeAccount(storeWith(null), null);
    assert.deepEqual([account.isReady, account.isDead], [false, false]);
    await assert.rejects(account.require());
    assert.deepEqual([account.isReady, account.isDead], [false, true]);
    assert.deepEqual([storeAccount(storeWith(LOGIN), null).isReady, keyAccount('k', 'openai').isReady], [true, true]);
  });

  test('that was refused is dead as soon as it cannot be renewed any more, until there is another one', async () => {
    const report = { state: 'dead', reason: null, expiresAtMs: null, isOpen: false } as const;
    let login = LOGIN;
    const account = storeAccount(
      {
        ...storeWith(LOGIN, { report }),
        get login() {
          return login;
        },
      },
      null,
    );
    assert.equal(account.isDead, false);
    assert.equal(await account.renew(requestOf('', '', { authorization: 'Bearer ours' }).request.fields), false);
    assert.equal(account.isDead, true);
    login = { ...LOGIN, accessToken: 'newer' };
    assert.equal(account.isDead, false);
  });

  test('that was refused is better by now if another one is there', async () => {
    const refused: string[] = [];
    let login = LOGIN;
    const source = storeWith(LOGIN, { refused: (token) => Promise.resolve(void refused.push(token)) });
    const account = storeAccount(
      {
        ...source,
        get login() {
          return login;
        },
      },
      null,
    );
    const { request } = requestOf('', '', { authorization: 'Bearer ours' });
    assert.equal(await account.renew(request.fields), false);
    login = { ...LOGIN, accessToken: 'newer' };
    assert.equal(await account.renew(request.fields), true);
    assert.deepEqual(refused, ['ours', 'ours']);
    assert.equal(account.isDead, false);
    assert.equal(await keyAccount('k', 'openai').renew(request.fields), false);
  });
});

test('what is secret is told to nobody who asks what an account is', () => {
  assert.doesNotMatch(
    JSON.stringify([keyAccount('sk-own', 'openai'), storeAccount(storeWith(LOGIN), null)]),
    /sk-own|ours|hidden/,
  );
});
