import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountRig, requestOf } from '../../../test/support/account-rig.ts';
import { keyAccount } from '../../services/accounts/account.ts';
import { foreseenAccount } from './foreseen-account.ts';

const DEAD = { ...keyAccount('k', 'anthropic'), isDead: true };

function told(rig: AccountRig, session = 'new'): string {
  return foreseenAccount(rig.group, requestOf('alice', session));
}

test('the only account is what it is', () => {
  assert.equal(told(new AccountRig('a')), 'sends the API key of the configuration');
  assert.equal(told(new AccountRig('a', {}, { a: { ...DEAD, kind: 'store' } })), 'sends the login of the store');
});

test('by quota it is foretold who has the most, and how much the others have', () => {
  const rig = new AccountRig('abc', { strategy: 'quota' }, { c: DEAD });
  rig.uses('a', 0.95);
  rig.uses('b', 0.1);
  assert.equal(told(rig), 'sends account b: 90 % of its quota is left, and 5 % of a (c has to sign in again)');
});

test('a conversation is foretold where it is', () => {
  const rig = new AccountRig('ab');
  rig.picks('alice', 'x');
  assert.equal(told(rig, 'x'), 'sends account a, which this conversation is on');
});

test('turns are not foretold, but who has them is', () => {
  const rig = new AccountRig('abc');
  assert.equal(told(rig), 'sends one of the accounts a, b, c, by round_robin');
  rig.cools('b', 10_000);
  assert.match(told(rig), /^sends one of the accounts a, c, by round_robin \(b is left alone for \d+ s\)$/);
  rig.cools('c', 10_000);
  assert.match(told(rig), /^sends account a \(b is left alone/);
  assert.match(told(new AccountRig('ab', { strategy: 'sticky_hash' })), /^sends account [ab], by sticky_hash$/);
});

test('when all are out, whoever is back first is asked', () => {
  const rig = new AccountRig('ab');
  rig.cools('a', 60_000);
  rig.member('b').judge(0, { kind: 'auth_failed', reason: 'credential_unavailable' });
  assert.match(
    told(rig),
    /^sends account a: of those that are out it is back first \(a is left alone .*; b is refused /,
  );
});
