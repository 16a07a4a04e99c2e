import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenDigest, UserDirectory } from './user-directory.ts';
import { userOfAuthorization } from './user-of-authorization.ts';

const users = new UserDirectory([{ name: 'alice', tokenSha256: tokenDigest('a-token'), may: [] }]);
const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;

test('a user is known by a Bearer and by Basic', () => {
  for (const value of ['Bearer a-token', 'bEARER  a-token ', basic('alice:a-token')]) {
    assert.equal(userOfAuthorization(value, users)?.name, 'alice', value);
  }
});

test('anything else is nobody', () => {
  for (const value of ['', 'a-token', 'Bearer', 'Bearer a-token b', basic('bob:a-token'), 'Basic ???', 'Digest a']) {
    assert.equal(userOfAuthorization(value, users), null, value);
  }
});
