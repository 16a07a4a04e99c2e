import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccountRig, fieldsOf, requestOf } from '../../../test/support/account-rig.ts';
import type { ResponseView } from '../../contract/exchange.ts';
import { keyAccount } from './account.ts';

const DEAD = { ...keyAccount('k', 'anthropic'), isDead: true, isReady: false };

describe('a conversation', () => {
  test('stays on its account, in every thread', () => {
    const rig = new AccountRig('abc');
    const other = new AccountRig('abc', { table: rig.table });
    assert.equal(rig.picks('alice', 'xyzxyz'), 'abcabc');
    assert.equal(other.picks('alice', 'zyx'), 'cba');
    assert.equal(other.picks('', '   ').length, 3);
  });

  test('moves when its account is left alone, and stays where it went', () => {
    const rig = new AccountRig('ab');
    assert.equal(rig.picks('alice', 'xy'), 'ab');
    rig.cools('a');
    assert.equal(rig.picks('alice', 'xx'), 'bb');
    rig.member('a').forgive();
    assert.equal(rig.picks('alice', 'xz'), 'ba');
  });

  test('without a name is that of the user, and of nobody where nobody is known', () => {
    const rig = new AccountRig('ab');
    const asks = (user: string): string => rig.pick(requestOf(user, ''));
    assert.deepEqual([asks('alice'), asks('bob'), asks('alice'), asks('bob')], ['a', 'b', 'a', 'b']);
    assert.deepEqual([asks(''), asks(''), asks('')], ['a', 'b', 'a']);
  });

  test('goes by its name where the strategy does', () => {
    const rig = new AccountRig('abcd', { strategy: 'consistent_hash' });
    const other = new AccountRig('abcd', { strategy: 'consistent_hash' });
    assert.equal(rig.picks('alice', 'qwertyuiop'), other.picks('alice', 'qwertyuiop'));
  });
});

describe('a new conversation', () => {
  test('gets the account with the most left, the others stay', () => {
    const rig = new AccountRig('ab', { strategy: 'quota' });
    assert.equal(rig.picks('alice', 'xy'), 'ab');
    rig.uses('a', 0.95);
    rig.uses('b', 0.1);
    assert.equal(rig.picks('alice', 'xyrst'), 'abbbb');
    rig.uses('b', 1);
    assert.equal(rig.picks('alice', 'rstu'), 'bbba');
    rig.nowMs += 3_600_000;
    rig.uses('a', 0.5);
    assert.equal(rig.picks('alice', 'uv'), 'ab');
  });

  test('gets no account that is dead, unless there is no other', () => {
    const rig = new AccountRig('ab', {}, { a: DEAD });
    assert.equal(rig.picks('alice', 'xyz'), 'bbb');
    rig.cools('b');
    assert.equal(rig.picks('alice', 'xyz'), 'bbb');
    assert.equal(new AccountRig('ab', {}, { a: DEAD, b: DEAD }).picks('alice', 'x'), 'a');
  });

  test('gets the one that is back first when all are left alone', () => {
    const rig = new AccountRig('abc');
    rig.cools('a', 60_000);
    rig.cools('b', 1_000);
    rig.cools('c', 30_000);
    assert.equal(rig.picks('alice', 'xx'), 'bb');
    assert.equal(rig.group.leastBad(new Set([rig.member('b')]))?.id, 'c');
  });
});

test('the only account is asked whatever it has said', () => {
  const rig = new AccountRig('a');
  rig.cools('a');
  assert.equal(rig.picks('alice', 'xx'), 'aa');
  assert.equal(rig.group.pick(requestOf('alice', 'x'), new Set([rig.member('a')])), null);
});

describe('an account that is limited is left alone', () => {
  function forMs(rig: AccountRig, fields: Readonly<Record<string, string>>, status = 429): number | null {
    const response: ResponseView = { status, isOurs: false, trailers: [], fields: fieldsOf(fields) };
    return rig.group.coolDownMs(rig.member('a'), response);
  }

  test('for as long as it says', () => {
    const rig = new AccountRig('ab');
    assert.equal(forMs(rig, { 'retry-after': '7' }), 7000);
    assert.equal(forMs(rig, { 'retry-after': '7', 'retry-after-ms': '250' }), 250);
    const date = new Date(rig.nowMs + 9000).toUTCString();
    assert.equal(forMs(rig, { 'retry-after': date }), 9000);
  });

  test('until what is used up begins anew, if it says nothing', () => {
    const rig = new AccountRig('ab');
    assert.equal(forMs(rig, {}), null);
    rig.uses('a', 1);
    assert.equal(forMs(rig, {}), 3_600_000);
    assert.equal(forMs(rig, {}, 529), 5000);
    assert.equal(forMs(rig, { 'retry-after': '9000' }, 529), 60_000);
  });
});

test('what would be picked is foretold without anything coming of it', () => {
  const rig = new AccountRig('ab', { strategy: 'quota' });
  const foreseen = (session: string): string => {
    const found = rig.group.foresee(requestOf('alice', session));
    return `${found?.member.id} ${found?.reason}`;
  };
  rig.uses('a', 0.9);
  assert.deepEqual([foreseen('x'), foreseen('x')], ['b strategy', 'b strategy']);
  assert.equal(rig.picks('alice', 'x'), 'b');
  assert.equal(foreseen('x'), 'b conversation');
  rig.cools('a');
  rig.cools('b', 1);
  assert.equal(foreseen('x'), 'b all_out');
  assert.equal(new AccountRig('a').group.foresee(requestOf('', ''))?.reason, 'only');
});

test('how accounts stand is told with what they have left', () => {
  const rig = new AccountRig('ab');
  rig.uses('a', 0.25);
  rig.picks('alice', 'x');
  const [a, b] = rig.group.standings();
  assert.partialDeepStrictEqual(a, { id: 'a', weight: 1, member: { uses: 1 }, quota: [{ window: '5h', left: 0.75 }] });
  assert.deepEqual(b?.quota, []);
  rig.group.dispose();
  rig.group.dispose();
});
