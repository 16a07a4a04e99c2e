import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AccountRig, requestOf } from '../../../test/support/account-rig.ts';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { type Account, keyAccount } from '../../services/accounts/account.ts';
import { aiAccount } from './ai-account.ts';

const LOGIN: Account = {
  ...keyAccount('sk-a', 'anthropic'),
  kind: 'store',
  put: (fields) => fields.set('anthropic-beta', `${fields.get('anthropic-beta')},ours`),
};

function fieldsSent(t: TestContext, policies: readonly Policy[]): string[] {
  const play = new Playbook(t, { policies, forwarding: 'none' });
  const theirs = ['x-api-key: theirs', 'anthropic-beta: a-1'];
  play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...theirs)).expectDial();
  const lines = play.takeUpstream().split('\r\n').slice(2, -2);
  play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
  return lines;
}

const chosen = (exit: string): Policy => ({ name: 'target', upstream: (exchange) => void (exchange.exit = exit) });

test('a request gets the credential of the account that was chosen for it', (t) => {
  const { group } = new AccountRig('ab');
  const answered: string[] = [];
  const policy = aiAccount({ accounts: group, answered: ({ exit }) => void answered.push(exit) });
  assert.deepEqual(fieldsSent(t, [chosen('b'), policy]), ['anthropic-beta: a-1', 'x-api-key: sk-b']);
  assert.deepEqual(answered, ['b']);
});

test('an answer that switches protocols says something of the account, too', (t) => {
  const { group } = new AccountRig('ab');
  const answered: string[] = [];
  const policy = aiAccount({ accounts: group, answered: ({ exit }) => void answered.push(exit) });
  const play = new Playbook(t, { policies: [chosen('a'), policy], forwarding: 'none' });
  const upgrade = ['Connection: upgrade', 'Upgrade: websocket'];
  play
    .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...upgrade))
    .expectDial()
    .takeUpstream();
  play
    .upstreamSends(head('HTTP/1.1 101 Switching Protocols', ...upgrade))
    .expectDownstream(/ 101 /)
    .clientCloses();
  assert.deepEqual(answered, ['a']);
});

test('another attempt gets nothing of the account before', (t) => {
  const { group } = new AccountRig('ab', {}, { a: LOGIN });
  const policy = aiAccount({ accounts: group, answered: () => {} });
  assert.deepEqual(fieldsSent(t, [chosen('a'), policy]), ['x-api-key: theirs', 'anthropic-beta: a-1,ours']);
  assert.deepEqual(fieldsSent(t, [chosen('a'), policy, chosen('b'), policy]), [
    'anthropic-beta: a-1',
    'x-api-key: sk-b',
  ]);
});

test('without an account that is ready nothing is sent', (t) => {
  const { group } = new AccountRig('a', {}, { a: { ...LOGIN, isReady: false } });
  const play = new Playbook(t, { policies: [chosen('a'), aiAccount({ accounts: group, answered: () => {} })] });
  play
    .downstreamSends(head('GET / HTTP/1.1', 'Host: a.test'))
    .expectNoDial()
    .expectError(503, 'credential_unavailable');
});

test('it is named by what it sends, and tells no secret', () => {
  const nameOf = (ids: string, accounts: Readonly<Record<string, Account>> = {}): string => {
    const policy = aiAccount({ accounts: new AccountRig(ids, {}, accounts).group, answered: () => {} });
    assert.doesNotMatch(JSON.stringify(policy) + policy.foresee?.(requestOf('', '')), /sk-/);
    return policy.name;
  };
  assert.deepEqual([nameOf('a'), nameOf('a', { a: LOGIN }), nameOf('ab')], ['ai-key', 'ai-store', 'ai-accounts']);
});
