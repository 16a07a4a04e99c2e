import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';
import type { Policy } from '../../contract/policy.ts';
import { aiUser } from './ai-user.ts';

const USERS = new UserDirectory([
  { name: 'alice', tokenSha256: tokenDigest('a-token'), may: ['ai'] },
  { name: 'bob', tokenSha256: tokenDigest('b-token'), may: ['gateway'] },
]);

function stage(t: TestContext, isRequired: boolean): { readonly play: Playbook; readonly seen: string[] } {
  const seen: string[] = [];
  const look: Policy = { name: 'look', request: ({ user }) => void seen.push(user) };
  return {
    play: new Playbook(t, { policies: [aiUser({ users: USERS, isRequired }), look], forwarding: 'none' }),
    seen,
  };
}

const get = (...fields: readonly string[]): string => head('GET / HTTP/1.1', 'Host: a.test', ...fields);

function passes(t: TestContext, fields: readonly string[], isRequired = true): { kept: string[]; user: string } {
  const { play, seen } = stage(t, isRequired);
  play.downstreamSends(get(...fields)).expectDial();
  const kept = play.takeUpstream().split('\r\n').slice(2, -2);
  play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /).end();
  return { kept, user: seen[0] ?? '' };
}

describe('where users of AI are asked for', () => {
  test('a token is taken from any of three fields, and stays here', (t) => {
    for (const field of ['Authorization: Bearer a-token', 'X-Api-Key: a-token', 'X-Sluice-Token: a-token']) {
      assert.deepEqual(passes(t, [field, 'X-Own: 1']), { kept: ['X-Own: 1'], user: 'alice' }, field);
    }
  });

  test("the client's own credential passes beside it", (t) => {
    const login = 'Authorization: Bearer sk-ant-oat01-login';
    assert.deepEqual(passes(t, [login, 'X-Sluice-Token: a-token']).kept, [login]);
    assert.deepEqual(passes(t, [login, 'x-api-key: a-token']).kept, [login]);
    assert.deepEqual(passes(t, ['x-api-key: sk-ant-1', 'Authorization: Bearer a-token']).kept, ['x-api-key: sk-ant-1']);
  });

  test('a token in two fields is taken from both', (t) => {
    assert.deepEqual(passes(t, ['x-api-key: a-token', 'Authorization: Bearer a-token']), { kept: [], user: 'alice' });
  });

  test('nobody else is let in, and is told how to say who it is', (t) => {
    for (const fields of [[], ['Authorization: Bearer c-token'], ['x-api-key: '], ['X-Sluice-Token: c-token']]) {
      const { play } = stage(t, true);
      const answer = play
        .downstreamSends(get(...fields))
        .expectNoDial()
        .takeDownstream();
      assert.match(answer, /^HTTP\/1\.1 401 [^]*\r\nWWW-Authenticate: Bearer realm="Sluice"\r\n/);
      play.end();
    }
  });

  test('a user without the permission is refused', (t) => {
    const { play } = stage(t, true);
    const answer = play.downstreamSends(get('x-api-key: b-token')).expectNoDial().takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 403 /);
    assert.doesNotMatch(answer, /WWW-Authenticate/);
  });
});

test('where nobody has to say who it is, tokens of ours still go no further', (t) => {
  assert.deepEqual(passes(t, ['x-api-key: sk-1'], false), { kept: ['x-api-key: sk-1'], user: '' });
  assert.deepEqual(passes(t, ['x-api-key: a-token'], false), { kept: [], user: 'alice' });
  assert.deepEqual(passes(t, ['X-Sluice-Token: other'], false), { kept: [], user: '' });
});
