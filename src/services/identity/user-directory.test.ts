import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tokenDigest, UserDirectory } from './user-directory.ts';

const directory = new UserDirectory([
  { name: 'alice', tokenSha256: tokenDigest('token of alice'), may: ['egress', 'ai'] },
  { name: 'bob', tokenSha256: tokenDigest('token of bob'), may: [] },
]);

describe('the directory of users', () => {
  test('finds a user by the token, with what the user may', () => {
    const user = directory.findByToken('token of alice');
    assert.equal(user?.name, 'alice');
    assert.deepEqual([...(user?.may ?? [])], ['egress', 'ai']);
  });

  test('finds nobody by a token that nobody has', () => {
    for (const token of ['', 'token of', 'token of alice ', tokenDigest('token of alice')]) {
      assert.equal(directory.findByToken(token), null);
    }
  });

  test('wants name and token to belong together', () => {
    assert.equal(directory.find('bob', 'token of bob')?.name, 'bob');
    assert.equal(directory.find('alice', 'token of bob'), null);
    assert.equal(directory.find('bob', 'wrong'), null);
  });
});
