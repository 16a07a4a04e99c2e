import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usersSchema } from './users.ts';

test('a user has a name and says what it may; the rest has defaults', () => {
  assert.deepEqual(usersSchema.parse([{ name: 'a', may: ['ai'] }]), [
    { name: 'a', may: ['ai'], token: null, token_sha256: null, limits: {} },
  ]);
  assert.ok(!usersSchema.safeParse([{ name: 'a' }]).success);
  assert.ok(!usersSchema.safeParse([{ name: 'a', may: ['everything'] }]).success);
});

test('a hash is 64 hexadecimal digits, in lower case afterwards', () => {
  const [user] = usersSchema.parse([{ name: 'a', may: [], token_sha256: 'AB'.repeat(32) }]);
  assert.equal(user?.token_sha256, 'ab'.repeat(32));
  assert.ok(!usersSchema.safeParse([{ name: 'a', may: [], token_sha256: 'ab' }]).success);
});

test('a token is not empty', () => {
  assert.ok(!usersSchema.safeParse([{ name: 'a', may: [], token: '' }]).success);
});

test('there are no users by default', () => assert.deepEqual(usersSchema.parse(undefined), []));
