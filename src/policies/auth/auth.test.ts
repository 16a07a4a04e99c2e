import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import { tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';
import { respond } from '../../targets/respond/respond.ts';
import { auth } from './auth.ts';

const USERS = new UserDirectory([
  { name: 'alice', tokenSha256: tokenDigest('a-token'), may: ['gateway'] },
  { name: 'bob', tokenSha256: tokenDigest('b-token'), may: ['egress'] },
]);

interface Stage {
  readonly play: Playbook;
  /** Who was let through. */
  readonly seen: string[];
}

function stage(t: TestContext): Stage {
  const seen: string[] = [];
  const look: Policy = { name: 'look', request: ({ user }) => void seen.push(user) };
  const policies = [auth({ users: USERS, permission: 'gateway', realm: 'Sluice', userHeader: null }), look];
  return { play: new Playbook(t, { policies, forwarding: 'none' }), seen };
}

const get = (...fields: readonly string[]): string => head('GET / HTTP/1.1', 'Host: a.test', ...fields);
const bearer = (token: string): string => `Authorization: Bearer ${token}`;
const basic = (login: string): string => `Authorization: Basic ${Buffer.from(login).toString('base64')}`;

describe('where only users are let in', () => {
  test('whoever does not say who it is gets asked, and may answer on the same connection', (t) => {
    const { play, seen } = stage(t);
    const answer = play.downstreamSends(get()).expectNoDial().takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 401 /);
    assert.match(answer, /"code":"unauthorized"/);
    assert.deepEqual(answer.match(/(?<=^WWW-Authenticate: ).*(?=\r$)/gm), [
      'Bearer realm="Sluice"',
      'Basic realm="Sluice", charset="UTF-8"',
    ]);
    play.expectClientConnection('open').downstreamSends(get(bearer('a-token')));
    play.expectDial().expectUpstream(get());
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/^HTTP\/1\.1 204 /);
    assert.deepEqual(seen, ['alice']);
  });

  for (const [what, field] of [
    ['a Bearer', bearer('a-token')],
    ['a bearer, however it is written', 'AUTHORIZATION: bEARER  a-token'],
    ['Basic', basic('alice:a-token')],
  ] as const) {
    test(`a user is let in by ${what}, and the credentials stay here`, (t) => {
      const { play, seen } = stage(t);
      play.downstreamSends(get(field, 'X-Own: 1', bearer('other'))).expectDial();
      play.expectUpstream(get('X-Own: 1'));
      play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
      assert.deepEqual(seen, ['alice']);
    });
  }

  for (const [what, field] of [
    ['a wrong token', bearer('c-token')],
    ['a wrong name', basic('carol:a-token')],
    ['the token of another user', basic('bob:a-token')],
    ['no token', basic('alice:')],
    ['an empty Bearer', 'Authorization: Bearer'],
    ['two tokens in one', bearer('a-token b-token')],
    ['another scheme', 'Authorization: Digest a-token'],
    ['what is not base64', 'Authorization: Basic ????'],
    ['credentials for a proxy', `Proxy-${bearer('a-token')}`],
    ['an empty field', 'Authorization:'],
  ] as const) {
    test(`${what} is answered like nothing at all`, (t) => {
      const answers = [get(), get(field)].map((request) => {
        const { play } = stage(t);
        const answer = play.downstreamSends(request).expectNoDial().takeDownstream();
        play.end();
        return answer;
      });
      assert.match(answers[0] ?? '', /^HTTP\/1\.1 401 /);
      assert.equal(answers[1], answers[0]);
    });
  }

  test('a user without the permission is known and refused all the same, and not asked again', (t) => {
    const { play, seen } = stage(t);
    const answer = play
      .downstreamSends(get(bearer('b-token')))
      .expectNoDial()
      .takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 403 [^]*"code":"forbidden"/);
    assert.doesNotMatch(answer, /WWW-Authenticate|bob/);
    assert.deepEqual(seen, []);
  });

  test('what is behind may be told who it is, and believes nobody else', (t) => {
    const policies = [auth({ users: USERS, permission: 'gateway', realm: 'Staff', userHeader: 'X-User' })];
    const play = new Playbook(t, { policies, forwarding: 'none' });
    assert.match(play.downstreamSends(get()).takeDownstream(), /Basic realm="Staff", charset/);
    play.downstreamSends(get('x-user: eve', bearer('a-token'), 'X-USER: root')).expectDial();
    play.expectUpstream(get('X-User: alice'));
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
  });

  test('a 401 of what is behind us is not made to look like ours', (t) => {
    const { play } = stage(t);
    play
      .downstreamSends(get(bearer('a-token')))
      .expectDial()
      .expectUpstream(/^GET /);
    play.upstreamSends(head('HTTP/1.1 401 Unauthorized', 'WWW-Authenticate: Digest', 'Content-Length: 0'));
    assert.deepEqual(play.takeDownstream().match(/^WWW-Authenticate: .*(?=\r$)/gm), ['WWW-Authenticate: Digest']);
    play.end();
    const policies = [auth({ users: USERS, permission: 'gateway', realm: 'Sluice', userHeader: null })];
    const fixed = new Playbook(t, { target: respond({ status: 401 }), policies });
    assert.doesNotMatch(fixed.downstreamSends(get(bearer('a-token'))).takeDownstream(), /WWW-Authenticate/);
  });
});
