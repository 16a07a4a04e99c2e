import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { DomainShelf } from '../../services/domains/domain-shelf.ts';
import { parseBasic } from '../../services/identity/basic-credentials.ts';
import { dryLogin, dryParts } from './dry-parts.ts';

const lists = new DomainShelf();

test('in a dry run a user proves itself without its token, which does not hold there', () => {
  const config = documentSchema.parse({ users: [{ name: 'alice', token: 'a-token', may: ['gateway'] }] });
  const { users } = dryParts({ config, lists }, 'alice');
  const { name, password } = parseBasic(dryLogin('alice', 'alice-session-x')) ?? assert.fail();
  assert.equal(name, 'alice-session-x');
  assert.deepEqual([...(users.find('alice', password)?.may ?? [])], ['gateway']);
  assert.equal(users.findByToken('a-token'), null);
  assert.equal(dryParts({ config, lists }, null).users.findByToken('a-token')?.name, 'alice');
});
