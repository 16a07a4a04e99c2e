import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import type { AskedTunnel } from '../../engine/tunnel-client.ts';
import { tokenDigest, UserDirectory } from '../../services/identity/user-directory.ts';
import { SessionSuffix } from '../../services/sticky/session-suffix.ts';
import { proxyUser } from './proxy-user.ts';

const USERS = new UserDirectory([
  { name: 'alice', tokenSha256: tokenDigest('a-token'), may: ['egress'] },
  { name: 'team-session-x', tokenSha256: tokenDigest('t-token'), may: ['egress'] },
  { name: 'bob', tokenSha256: tokenDigest('b-token'), may: ['ai'] },
]);
const NAMES = new Set(['alice', 'team-session-x', 'bob']);
const STANDS = head('HTTP/1.1 200 OK', 'Date: <date>');

interface Stage {
  readonly play: Playbook;
  /** Who was let through, as `user session ttl`. */
  readonly seen: string[];
}

function stage(t: TestContext, users: UserDirectory | null = USERS): Stage {
  const seen: string[] = [];
  const suffix = new SessionSuffix('session-{id}');
  const readName = (name: string): ReturnType<SessionSuffix['split']> =>
    suffix.split(name, users === null ? undefined : (user) => NAMES.has(user));
  const look: Policy = {
    name: 'look',
    request: ({ user, session, sessionTtlMs }) => void seen.push(`${user} ${session} ${sessionTtlMs}`),
  };
  const policies = [proxyUser({ users, permission: 'egress', readName }), look];
  return { play: new Playbook(t, { tunnelsBeginWith: '', policies, forwarding: 'none' }), seen };
}

function basic(login: string, scheme = 'Basic'): string {
  return `Proxy-Authorization: ${scheme} ${Buffer.from(login).toString('base64')}`;
}

function get(...fields: readonly string[]): string {
  return head('GET http://a.test/ HTTP/1.1', 'Host: a.test', ...fields);
}

function connect(...fields: readonly string[]): string {
  return head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443', ...fields);
}

function asked(login: string | null): AskedTunnel {
  return {
    host: 'a.test',
    port: 443,
    authorization: login === null ? null : `Basic ${Buffer.from(login).toString('base64')}`,
    reply: (status, error) => Buffer.from(`<${status} ${error ?? 'well'}>`),
  };
}

describe('where only users are served', () => {
  test('whoever does not say who it is gets asked, and may answer on the same connection', (t) => {
    const { play, seen } = stage(t);
    play.downstreamSends(connect());
    const answer = play.takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 407 [^]*\r\nProxy-Authenticate: Basic realm="Sluice", charset="UTF-8"\r\n/);
    assert.match(answer, /"code":"proxy_auth_required"/);
    play.expectNoDial().expectClientConnection('open');
    play
      .downstreamSends(connect(basic('alice:a-token')))
      .expectDial('tunnel a.test:443')
      .expectDownstream(STANDS);
    assert.deepEqual(seen, ['alice  0']);
  });

  test('a user is let in, and the credentials stay here', (t) => {
    const { play, seen } = stage(t);
    play.downstreamSends(get(basic('alice:a-token'), 'X-Own: 1')).expectDial();
    play.expectUpstream(head('GET / HTTP/1.1', 'Host: a.test', 'X-Own: 1'));
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/^HTTP\/1\.1 204 /);
    assert.deepEqual(seen, ['alice  0']);
  });

  test('the scheme may be written as one likes', (t) => {
    const { play, seen } = stage(t);
    play.downstreamSends(connect(basic('alice:a-token', 'bAsIc'))).expectDial('tunnel a.test:443');
    play.expectDownstream(STANDS);
    assert.deepEqual(seen, ['alice  0']);
  });

  for (const [what, field] of [
    ['a wrong token', basic('alice:b-token')],
    ['a wrong name', basic('carol:a-token')],
    ['the token of another user', basic('bob:a-token')],
    ['no token', basic('alice:')],
    ['another scheme', 'Proxy-Authorization: Bearer a-token'],
    ['what is not base64', 'Proxy-Authorization: Basic ????'],
    ['no colon', basic('alice')],
    ['credentials for a server', basic('alice:a-token').replace('Proxy-', '')],
    ['an empty field', 'Proxy-Authorization:'],
  ] as const) {
    test(`${what} is answered like nothing at all`, (t) => {
      const answers = [get(), get(field)].map((request) => {
        const { play } = stage(t);
        play.downstreamSends(request).expectNoDial();
        const answer = play.takeDownstream();
        play.end();
        return answer;
      });
      assert.match(answers[0] ?? '', /^HTTP\/1\.1 407 /);
      assert.equal(answers[1], answers[0]);
    });
  }

  test('a user without the permission is known and refused all the same', (t) => {
    const { play, seen } = stage(t);
    play
      .downstreamSends(get(basic('bob:b-token')))
      .expectNoDial()
      .expectError(403, 'forbidden');
    assert.deepEqual(seen, []);
  });

  test('a user name may carry a session and its time, and a name of its own may look like that', (t) => {
    const { play, seen } = stage(t);
    for (const login of ['alice-session-cart-ttl-10m:a-token', 'team-session-x:t-token']) {
      play
        .clientConnects()
        .downstreamSends(connect(basic(login)))
        .expectDial('tunnel a.test:443');
      play.expectDownstream(STANDS);
    }
    assert.deepEqual(seen, ['alice cart 600000', 'team-session-x  0']);
  });

  test('a client of SOCKS says it in its own way', (t) => {
    const { play, seen } = stage(t);
    play.clientAsks(asked('alice:a-token')).expectDial('tunnel a.test:443').expectDownstream('<200 well>');
    play.clientAsks(asked('alice:wrong')).expectNoDial().expectDownstream('<407 proxy_auth_required>').clientEnds();
    play.clientAsks(asked(null)).expectNoDial().expectDownstream('<407 proxy_auth_required>').clientEnds();
    play.clientAsks(asked('bob:b-token')).expectNoDial().expectDownstream('<403 forbidden>').clientEnds();
    assert.deepEqual(seen, ['alice  0']);
  });

  test('a 407 of a server is not made to look like ours', (t) => {
    const { play } = stage(t);
    play
      .downstreamSends(get(basic('alice:a-token')))
      .expectDial()
      .expectUpstream(/^GET /);
    play.upstreamSends(head('HTTP/1.1 407 Proxy Authentication Required', 'Content-Length: 0'));
    const answer = play.takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 407 /);
    assert.doesNotMatch(answer, /Proxy-Authenticate/i);
  });
});

describe('where everybody is served', () => {
  test('nobody is asked, and whatever is said goes no further', (t) => {
    const { play, seen } = stage(t, null);
    play.downstreamSends(get(basic('any:thing'), basic('other:thing'))).expectDial();
    play.expectUpstream(head('GET / HTTP/1.1', 'Host: a.test'));
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/^HTTP\/1\.1 204 /);
    assert.deepEqual(seen, ['  0']);
  });

  test('a name may carry a session, with or without a user before it', (t) => {
    const { play, seen } = stage(t, null);
    for (const login of ['x-session-one:', 'session-two-ttl-5s:']) {
      play
        .clientConnects()
        .downstreamSends(connect(basic(login)))
        .expectDial('tunnel a.test:443');
      play.expectDownstream(STANDS);
    }
    play.clientAsks(asked('x-session-three:')).expectDial('tunnel a.test:443').expectDownstream('<200 well>');
    assert.deepEqual(seen, [' one 0', ' two 5000', ' three 0']);
  });

  test('a session is that of its request alone', (t) => {
    const { play, seen } = stage(t, null);
    for (const fields of [[basic('x-session-one-ttl-5s:')], []]) {
      play.downstreamSends(get(...fields));
      if (seen.length === 1) play.expectDial();
      play.expectUpstream(/^GET /).upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
    }
    assert.deepEqual(seen, [' one 5000', '  0']);
  });
});
