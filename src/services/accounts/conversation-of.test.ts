import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestOf } from '../../../test/support/account-rig.ts';
import { conversationOf } from './conversation-of.ts';

test('those of two users never meet, and without a name it is the user’s', () => {
  assert.notEqual(conversationOf(requestOf('alice', 's')), conversationOf(requestOf('bob', 's')));
  assert.equal(conversationOf(requestOf('alice', '')), conversationOf(requestOf('alice', '')));
  assert.notEqual(conversationOf(requestOf('alice', '')), conversationOf(requestOf('bob', '')));
  assert.equal(conversationOf(requestOf('', '')), '');
});

test('what a policy has found out about sessions comes first', () => {
  const exchange = requestOf('alice', 's');
  exchange.session = 'other';
  assert.equal(conversationOf(exchange), 'alice\nother');
});
