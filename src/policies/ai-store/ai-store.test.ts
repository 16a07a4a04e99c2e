import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { settle } from '../../../test/support/fake-timers.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Login } from '../../services/credentials/store-format.ts';
import { aiStore, type LoginSource } from './ai-store.ts';

const LOGIN: Login = { accessToken: 'ours', refreshToken: 'hidden', expiresAtMs: null, accountId: null };

function storeWith(login: Login | null, changes: Partial<LoginSource> = {}): LoginSource {
  return {
    login,
    require: () => Promise.reject(new Error()),
    refused: async () => {},
    close: async () => {},
    ...changes,
  };
}

function play(t: TestContext, store: LoginSource, beta: string | null = null): Playbook {
  return new Playbook(t, { policies: [aiStore({ store, beta })], forwarding: 'none' });
}

function sent(t: TestContext, fields: readonly string[], login: Login, beta: string | null): string[] {
  const stage = play(t, storeWith(login), beta);
  stage.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...fields)).expectDial();
  const lines = stage.takeUpstream().split('\r\n').slice(2, -2);
  stage.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
  return lines;
}

describe('a request with the login of a store', () => {
  test('has it in place of whatever the client has', (t) => {
    const theirs = ['x-api-key: theirs', 'Authorization: Bearer theirs', 'chatgpt-account-id: theirs', 'X-Own: 1'];
    assert.deepEqual(sent(t, theirs, LOGIN, null), ['X-Own: 1', 'Authorization: Bearer ours']);
    assert.deepEqual(sent(t, theirs, { ...LOGIN, accountId: 'account-1' }, null), [
      'X-Own: 1',
      'Authorization: Bearer ours',
      'ChatGPT-Account-Id: account-1',
    ]);
  });

  for (const [name, before, after] of [
    ['gets the beta feature where there is none', [], ['anthropic-beta: oauth-1']],
    ['gets it at the end of a list', ['anthropic-beta: a-1,b-2, c-3'], ['anthropic-beta: a-1,b-2, c-3,oauth-1']],
    ['keeps a list that has it', ['Anthropic-Beta: a-1, oauth-1 ,b-2'], ['Anthropic-Beta: a-1, oauth-1 ,b-2']],
    [
      'gets it after several lists',
      ['anthropic-beta: a-1', 'anthropic-beta: b-2'],
      ['anthropic-beta: a-1', 'anthropic-beta: b-2', 'anthropic-beta: oauth-1'],
    ],
  ] as const) {
    test(name, (t) => {
      const lines = sent(t, before, LOGIN, 'oauth-1').filter((line) => /beta/i.test(line));
      assert.deepEqual(lines, after);
    });
  }
});

test('a request waits for a login that has to be renewed', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Login>();
  const stage = play(t, storeWith(null, { require: () => promise }));
  stage.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test'));
  await settle();
  resolve(LOGIN);
  await settle();
  stage.expectDial();
  assert.match(stage.takeUpstream(), /\r\nAuthorization: Bearer ours\r\n/);
  stage.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
});

test('without a login nothing is sent, and the client is told', async (t) => {
  const store = storeWith(null, { require: () => Promise.reject(new SluiceError('credential_unavailable')) });
  const stage = play(t, store).downstreamSends(head('GET / HTTP/1.1', 'Host: a.test'));
  await settle();
  assert.match(stage.takeDownstream(), /^HTTP\/1\.1 503 [^]*"credential_unavailable"/);
});

test('a login that is refused is reported with the token that was sent; the answer is the client’s', (t) => {
  const refused: string[] = [];
  const stage = play(t, storeWith(LOGIN, { refused: async (token) => void refused.push(token) }));
  stage.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test')).expectDial().takeUpstream();
  stage.upstreamSends(head('HTTP/1.1 401 Unauthorized', 'Content-Length: 0')).expectDownstream(/ 401 /).end();
  assert.deepEqual(refused, ['ours']);
});
