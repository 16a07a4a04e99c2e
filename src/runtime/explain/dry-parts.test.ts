import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { parseBasic } from '../../services/identity/basic-credentials.ts';
import { dryLogin, dryParts } from './dry-parts.ts';

test('in a dry run a user proves itself without its token, which does not hold there', () => {
  const config = documentSchema.parse({ users: [{ name: 'alice', token: 'a-token', may: ['gateway'] }] });
  const { users } = dryParts(config, 'alice');
  const { name, password } = parseBasic(dryLogin('alice', 'alice-session-x')) ?? assert.fail();
  assert.equal(name, 'alice-session-x');
  assert.deepEqual([...(users.find('alice', password)?.may ?? [])], ['gateway']);
  assert.equal(users.findByToken('a-token'), null);
  assert.equal(dryParts(config, null).users.findByToken('a-token')?.name, 'alice');
});
