import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codexStore } from './codex-store.ts';

const jwt = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

test('a login of Codex says itself when it ends, or ends eight days after it was renewed', () => {
  const tokens = { access_token: jwt({ exp: 5 }), refresh_token: 'r', account_id: 'acc' };
  const read = { accessToken: tokens.access_token, refreshToken: 'r', expiresAtMs: 5_000, accountId: 'acc' };
  assert.deepEqual(codexStore.read({ tokens }), read);
  const opaque = { tokens: { access_token: 'opaque' }, last_refresh: '1970-01-02T00:00:00Z' };
  assert.equal(codexStore.read(opaque)?.expiresAtMs, 9 * 86_400_000);
  assert.equal(codexStore.read({ tokens: { access_token: 'a.b.c' } })?.expiresAtMs, null);
  assert.equal(codexStore.read({ OPENAI_API_KEY: 'sk-1', tokens: null }), null);
});

test('the account stands in the file, or in the token that says who somebody is', () => {
  const idToken = jwt({ 'https://api.openai.com/auth': { chatgpt_account_id: 'from-token' } });
  const tokens = { access_token: 'a', id_token: idToken };
  assert.equal(codexStore.read({ tokens })?.accountId, 'from-token');
  assert.equal(codexStore.read({ tokens: { ...tokens, account_id: 'own' } })?.accountId, 'own');
  assert.equal(codexStore.read({ tokens: { access_token: 'a' } })?.accountId, null);
});

test('what an answer leaves out stays', () => {
  const tokens = { id_token: 'i', access_token: 'a', refresh_token: 'r', account_id: 'acc' };
  assert.deepEqual(codexStore.renew({ tokens, auth_mode: 'chatgpt' }, { access_token: 'b' }, 0), {
    tokens: { ...tokens, access_token: 'b' },
    auth_mode: 'chatgpt',
    last_refresh: '1970-01-01T00:00:00.000Z',
  });
  assert.equal(codexStore.renew({ tokens }, { id_token: 'b' }, 0), null);
});

test('a refresh token that was used, has run out or was taken back is worth nothing', () => {
  for (const word of ['refresh_token_expired', 'refresh_token_reused', 'refresh_token_invalidated', 'invalid_grant']) {
    assert.equal(codexStore.isFinal(400, { error: { code: word } }), true, word);
  }
  assert.equal(codexStore.isFinal(401, null), true);
  assert.equal(codexStore.isFinal(400, { error: 'invalid_request' }), false);
  assert.equal(codexStore.isFinal(500, { error: 'invalid_grant' }), false);
});

test('the lock lies beside what the file leads to, and writing needs no other', () => {
  assert.deepEqual(codexStore.refreshLocks('/link/auth.json', '/real/auth.json'), [
    { path: '/real/auth.json.lock', staleMs: 10_000 },
  ]);
  assert.equal(codexStore.writeLock('/real/auth.json'), null);
  assert.deepEqual([{ tokens: { refresh_token: '' } }, { tokens: {} }].map(codexStore.isBlanked), [true, false]);
});
