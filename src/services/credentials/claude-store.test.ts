import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { claudeStore } from './claude-store.ts';

const login = { accessToken: 'a', refreshToken: 'r', expiresAt: 5, scopes: ['x', 'y'] };

test('a login of Claude Code is read, a blank one is none', () => {
  const read = { accessToken: 'a', refreshToken: 'r', expiresAtMs: 5, accountId: null };
  assert.deepEqual(claudeStore.read({ claudeAiOauth: login }), read);
  assert.deepEqual(claudeStore.read({ claudeAiOauth: { accessToken: 'a' } }), {
    ...read,
    refreshToken: '',
    expiresAtMs: null,
  });
  const blank = { claudeAiOauth: { accessToken: '', refreshToken: '', expiresAt: 0 } };
  assert.equal(claudeStore.read(blank), null);
  assert.deepEqual([blank, {}, { claudeAiOauth: login }].map(claudeStore.isBlanked), [true, false, false]);
});

test('it is asked for with the client that it was made for, and the scopes that it has', () => {
  const document = { claudeAiOauth: { ...login, clientId: 'other' } };
  const { client_id: client, scope } = claudeStore.question(document, 'r');
  assert.deepEqual([client, scope], ['other', 'x y']);
  assert.ok(!('scope' in claudeStore.question({ claudeAiOauth: { refreshToken: 'r' } }, 'r')));
});

test('an answer without a refresh token leaves the one that was there', () => {
  const renewed = claudeStore.renew({ claudeAiOauth: login, more: 1 }, { access_token: 'b', expires_in: 2 }, 1_000);
  const expected = { ...login, accessToken: 'b', expiresAt: 3_000 };
  assert.deepEqual(renewed, { claudeAiOauth: expected, more: 1 });
  assert.equal(claudeStore.renew({}, { expires_in: 2 }, 0), null);
});

test('a login is over only when the provider says that it is', () => {
  const statuses = [400, 401, 403, 429, 500].map((status) => claudeStore.isFinal(status, { error: 'invalid_grant' }));
  assert.deepEqual(statuses, [true, true, false, false, false]);
  assert.equal(claudeStore.isFinal(400, { error: 'invalid_request' }), false);
  assert.equal(claudeStore.isFinal(401, null), false);
});

test('the locks are those of Claude Code, the older one beside what its folder leads to', (t) => {
  const folder = temporaryFolder(t);
  const link = join(temporaryFolder(t), 'link');
  symlinkSync(folder, link);
  const file = join(link, '.credentials.json');
  assert.deepEqual(claudeStore.refreshLocks(file, ''), [
    { path: join(link, '.oauth_refresh.lock'), staleMs: 60_000 },
    { path: `${folder}.lock`, staleMs: 60_000, isOptional: true },
  ]);
  assert.deepEqual(claudeStore.writeLock(file), { path: join(link, '.storage-write.lock'), staleMs: 15_000 });
});
