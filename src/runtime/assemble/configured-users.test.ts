import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usersSchema } from '../../config/schema/users.ts';
import { tokenDigest } from '../../services/identity/user-directory.ts';
import { configuredUsers } from './configured-users.ts';

test('users are found by the token of the configuration, given as it is or as its hash', () => {
  const users = configuredUsers(
    usersSchema.parse([
      { name: 'alice', token: 'a-token', may: ['gateway'] },
      { name: 'bob', token_sha256: tokenDigest('b-token').toUpperCase(), may: [] },
    ]),
  );
  assert.deepEqual([...(users.findByToken('a-token')?.may ?? [])], ['gateway']);
  assert.equal(users.find('bob', 'b-token')?.name, 'bob');
  assert.equal(users.findByToken(''), null);
});
