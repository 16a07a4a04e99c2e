import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import {
  assertIdle,
  breakersOf,
  endpointAt,
  type Exits,
  failuresOf,
  groupOf,
} from '../../../test/support/chain-rig.ts';
import { breakMember, destination, type DestinationRig } from '../../../test/support/destination-rig.ts';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Policy } from '../../contract/policy.ts';
import type { ProxyAuth } from '../../contract/target.ts';
import { exitFields } from '../../policies/exit-fields/exit-fields.ts';
import { StickySessions } from '../../services/sticky/sticky-sessions.ts';
import type { HopSessions } from './via-hops.ts';

const CLOSED = ['closed', 'closed', 'closed'];
const NO_CONTENT = head('HTTP/1.1 204 No Content');
const BUSY = `${head('HTTP/1.1 503 Service Unavailable', 'Content-Length: 3')}why`;
const POST = `${head('POST http://a.test/ HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;

/** Takes the session and the user of a request from fields of it. */
const NAMES: Policy = {
  name: 'names',
  request: (exchange) => {
    exchange.session = exchange.request.fields.get('x-session') ?? '';
    exchange.user = exchange.request.fields.get('x-user') ?? '';
    exchange.sessionTtlMs = Number(exchange.request.fields.get('x-ttl') ?? 0);
    for (const name of ['x-session', 'x-user', 'x-ttl']) exchange.request.fields.remove(name);
  },
};

function exitsOf(count: number): Exits {
  return groupOf(
    'exits',
    Array.from({ length: count }, (_, index) => endpointAt(index + 1)),
  );
}

function bound(mode: 'strict' | 'flex'): HopSessions {
  const sessions = new StickySessions({ ttlMs: 60_000, mode });
  return {
    choose: ({ key }, group, tried) =>
      key === '' ? undefined : sessions.pick(group, { key, ttlMs: null }, { exclude: tried }),
    credentialsFor: () => null,
    tells: () => false,
  };
}

function stage(t: TestContext, rig: DestinationRig): Playbook {
  const groups = rig.groups ?? [];
  const play = new Playbook(t, { target: destination(rig), policies: [NAMES, exitFields()], forwarding: 'none' });
  t.after(() => assertIdle(...groups));
  return play;
}

function get(path = '', ...fields: readonly string[]): string {
  return head(`GET http://a.test/${path} HTTP/1.1`, 'Host: a.test', ...fields);
}

/** The request goes to that exit, on a connection that is dialled or that is open already, and is answered. */
function served(play: Playbook, exit: number, how: 'new' | 'open' = 'new'): void {
  if (how === 'new') play.expectDial(`exits/exits-${exit}`);
  else play.expectNoDial().onUpstream(exit);
  play
    .expectUpstream(/^GET http:\/\/a\.test\//)
    .upstreamSends(NO_CONTENT)
    .expectDownstream(/^HTTP\/1\.1 204 /);
}

describe('requests for URLs through an HTTP proxy', () => {
  test('go to it as they are, without what is between the client and us', (t) => {
    const play = stage(t, { groups: [exitsOf(1)] })
      .downstreamSends(get('x?y', 'X-Own: 1'))
      .expectDial('exits/exits-0');
    play.expectUpstream(head('GET http://a.test/x?y HTTP/1.1', 'Host: a.test', 'X-Own: 1'));
    play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
  });

  test('go to another member each, whatever connections are open', (t) => {
    const exits = exitsOf(3);
    const play = stage(t, { groups: [exits] });
    for (const how of ['new', 'open'] as const) {
      for (const exit of [0, 1, 2]) served(play.downstreamSends(get()), exit, how);
    }
    assert.deepEqual(
      exits.members.map((member) => member.state().successes),
      [2, 2, 2],
    );
  });

  test('go to another member when the first cannot be reached, whatever their method', (t) => {
    const exits = exitsOf(3);
    const play = stage(t, { groups: [exits] })
      .downstreamSends(POST)
      .expectDialBegins('exits/exits-0');
    play
      .upstreamRefuses('hop_unreachable')
      .expectDial('exits/exits-1')
      .expectUpstream(/hello$/);
    play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
  });

  test('end with what is wrong when they have been tried often enough', (t) => {
    const play = stage(t, { groups: [exitsOf(5)] }).downstreamSends(get());
    for (const exit of [0, 1, 2]) {
      play.expectDialBegins(`exits/exits-${exit}`).upstreamRefuses('hop_timeout');
    }
    const answer = play.expectNoDial().takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 504 [^]*\r\nX-Sluice-Exit: exits\/exits-2\r\n[^]*"hop_timeout"/);
  });

  test('are not sent twice when they may have been carried out', (t) => {
    const exits = exitsOf(3);
    const play = stage(t, { groups: [exits] })
      .downstreamSends(POST)
      .expectDial('exits/exits-0');
    play
      .expectUpstream(/hello$/)
      .upstreamCloses('reset')
      .expectNoDial()
      .expectDownstream(/"upstream_reset"/);
    // One server that breaks off may be the one to blame.
    assert.deepEqual([breakersOf(exits), failuresOf(exits)], [CLOSED, [0, 0, 0]]);
  });

  test('are sent to another member when theirs breaks off before it answers, if that is safe', (t) => {
    const exits = exitsOf(2);
    const play = stage(t, { groups: [exits] })
      .downstreamSends(get())
      .expectDial('exits/exits-0');
    play.expectUpstream(/^GET/).upstreamCloses('reset');
    served(play, 1);
    assert.deepEqual(failuresOf(exits), [0, 0]);
  });

  test('cost a member nothing when a connection turns out to be gone that was idle', (t) => {
    const exits = exitsOf(1);
    const play = stage(t, { groups: [exits] });
    served(play.downstreamSends(get()), 0);
    play.downstreamSends(get()).expectUpstream(/^GET/).upstreamCloses('reset');
    served(play, 0);
    const { successes, failures, uses } = exits.members[0]!.state();
    assert.deepEqual([successes, failures, uses], [2, 0, 2]);
  });
});

describe('requests for whole URLs that fail at an exit', () => {
  const to = (host: string): string => head(`GET http://${host}/ HTTP/1.1`, `Host: ${host}`);

  test('harm none, however often, as long as it may be the fault of one server', (t) => {
    const exits = exitsOf(2);
    const play = stage(t, { groups: [exits] });
    for (let turn = 0; turn < 20; turn += 1) {
      play.downstreamSends(to('bad.test'));
      for (const exit of [0, 1]) {
        play.expectDial(`exits/exits-${exit}`).expectUpstream(/^GET/).upstreamCloses('reset');
      }
      play.expectDownstream(/"upstream_reset"/);
    }
    assert.deepEqual([breakersOf(exits), failuresOf(exits)], [CLOSED.slice(1), [0, 0]]);
  });

  test('take it out when others reach what it does not', (t) => {
    const exits = exitsOf(2);
    const play = stage(t, { groups: [exits] });
    for (const host of ['a.test', 'b.test', 'c.test']) {
      play.downstreamSends(to(host)).expectDial('exits/exits-0').expectUpstream(/^GET/).upstreamCloses('reset');
      if (host === 'a.test') play.expectDial('exits/exits-1');
      else play.onUpstream(1);
      play.expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    }
    assert.deepEqual(breakersOf(exits), ['open', 'closed']);
  });
});

describe('an answer of a server through a proxy that another exit may do better', () => {
  test('is tried there, and passed on when nobody is left', (t) => {
    const exits = exitsOf(2);
    const play = stage(t, { groups: [exits] }).downstreamSends(get());
    for (const exit of [0, 1]) {
      play.expectDial(`exits/exits-${exit}`).expectUpstream(/^GET/).upstreamSends(BUSY);
    }
    play.expectNoDial().expectDownstream(/^HTTP\/1\.1 503 [^]*why$/);
    assert.deepEqual(failuresOf(exits), [0, 0]);
  });

  test('is passed on where there is only one', (t) => {
    const play = stage(t, { groups: [exitsOf(1)] })
      .downstreamSends(get())
      .expectDial('exits/exits-0');
    play
      .expectUpstream(/^GET/)
      .upstreamSends(BUSY)
      .expectNoDial()
      .expectDownstream(/^HTTP\/1\.1 503 [^]*why$/);
  });

  test('is passed on where the others are out', (t) => {
    const exits = exitsOf(3);
    const play = stage(t, { groups: [exits] });
    breakMember(exits, 1);
    breakMember(exits, 2);
    play.downstreamSends(get()).expectDial('exits/exits-0').expectUpstream(/^GET/).upstreamSends(BUSY);
    play.expectNoDial().expectDownstream(/^HTTP\/1\.1 503 [^]*why$/);
  });

  test('is passed on to a session that may not move', (t) => {
    const play = stage(t, { groups: [exitsOf(2)], sessions: bound('strict') });
    play.downstreamSends(get('', 'X-Session: one'));
    const exit = /\d$/.exec(nameOfDial(play))?.[0];
    play.expectDial(`exits/exits-${exit}`).expectUpstream(/^GET/).upstreamSends(BUSY);
    play.expectNoDial().expectDownstream(/^HTTP\/1\.1 503 [^]*why$/);
  });
});

/** Which exit is being dialled. */
function nameOfDial(play: Playbook): string {
  for (const exit of [0, 1, 2, 3]) {
    try {
      play.expectDialBegins(`exits/exits-${exit}`);
      return `exits/exits-${exit}`;
    } catch {
      // Another one.
    }
  }
  return assert.fail('nobody is dialled');
}

describe('when nobody is left', () => {
  for (const [what, request] of [
    ['a URL', get()],
    ['a tunnel', head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443')],
  ] as const) {
    test(`${what} is refused, with when to come back, and never reached directly`, async (t) => {
      const exits = exitsOf(2);
      const play = stage(t, { groups: [exits] });
      for (const index of [0, 1]) breakMember(exits, index);
      await play.downstreamSends(request).promises();
      const answer = play.expectNoDial().takeDownstream();
      assert.match(answer, /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 30\r\n[^]*"hops_exhausted"/);
    });
  }

  test('a group without members is no reason to go without it', async (t) => {
    const play = await stage(t, { groups: [exitsOf(0)] })
      .downstreamSends(get())
      .promises();
    play.expectNoDial().expectDownstream(/^HTTP\/1\.1 503 [^]*"hops_exhausted"/);
  });
});

describe('sessions', () => {
  test('keep their member, request for request, and those without one go on to others', (t) => {
    const play = stage(t, { groups: [exitsOf(3)], sessions: bound('flex') });
    play.downstreamSends(get('', 'X-Session: one'));
    const exit = nameOfDial(play);
    play.expectDial(exit).expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    for (let i = 0; i < 3; i++) {
      play.downstreamSends(get('', 'X-Session: one')).expectNoDial().onUpstream(0).expectUpstream(/^GET/);
      play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    }
  });

  test('never share a connection, with each other or with anybody', (t) => {
    const play = stage(t, { groups: [exitsOf(1)] });
    const kinds = [
      [],
      ['X-Session: one'],
      ['X-Session: two'],
      ['X-Session: one', 'X-User: alice'],
      ['X-Session: one', 'X-User: bob'],
      ['X-Session: one', 'X-Ttl: 5000'],
    ];
    for (const how of ['new', 'open'] as const) {
      for (const [index, fields] of kinds.entries()) {
        play.downstreamSends(get('', ...fields));
        if (how === 'new') play.expectDial('exits/exits-0');
        else play.expectNoDial().onUpstream(index);
        play.expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
      }
    }
  });

  test('never share a connection with requests for other tags, for a provider may be told of them', (t) => {
    const rule = { match: { host: ['b.test'], port: [], user: [] }, action: 'allow', via: null } as const;
    const rules = { rules: [{ ...rule, tags: { country: 'fr' } }] };
    const play = stage(t, { groups: [exitsOf(1)], rules });
    served(play.downstreamSends(get()), 0);
    play.downstreamSends(head('GET http://b.test/ HTTP/1.1', 'Host: b.test')).expectDial('exits/exits-0');
    play
      .expectUpstream(/^GET http:\/\/b/)
      .upstreamSends(NO_CONTENT)
      .expectDownstream(/ 204 /);
  });

  test('that are strict fail with their member, and others go on', (t) => {
    const exits = exitsOf(2);
    const play = stage(t, { groups: [exits], sessions: bound('strict') });
    play.downstreamSends(get('', 'X-Session: one'));
    const exit = nameOfDial(play);
    play
      .upstreamRefuses('hop_unreachable')
      .expectNoDial()
      .expectDownstream(/"hop_unreachable"/);
    breakMember(exits, Number(exit.at(-1)));
    play
      .downstreamSends(get('', 'X-Session: one'))
      .expectNoDial()
      .expectDownstream(/"hops_exhausted"/);
    served(play.downstreamSends(get()), exit.endsWith('0') ? 1 : 0);
  });

  test('that are flexible move on when their member is out', (t) => {
    const exits = exitsOf(2);
    const play = stage(t, { groups: [exits], sessions: bound('flex') });
    play.downstreamSends(get('', 'X-Session: one'));
    const exit = Number(nameOfDial(play).at(-1));
    served(play, exit);
    breakMember(exits, exit);
    served(play.downstreamSends(get('', 'X-Session: one')), 1 - exit);
  });
});

describe('a proxy that wants to know who asks', () => {
  const challenge = head('HTTP/1.1 407 No', 'Proxy-Authenticate: Basic realm="x"', 'Content-Length: 0');
  const auth: ProxyAuth = { authorize: () => 'Basic eDp5', challenge: () => false, accepted: () => {} };

  test('and is not content with us is left, and its name is told when nobody else is there', (t) => {
    const exits = exitsOf(1);
    const play = stage(t, { groups: [exits] })
      .downstreamSends(get())
      .expectDialBegins('exits/exits-0');
    play
      .upstreamAccepts(auth)
      .expectUpstream(/\r\nProxy-Authorization: Basic eDp5\r\n/)
      .upstreamSends(challenge);
    const answer = play.takeDownstream();
    assert.match(answer, /^HTTP\/1\.1 502 [^]*"hop_auth_failed","message":"the proxy exits\/exits-0 /);
    assert.doesNotMatch(answer, /Proxy-Authenticate/i);
    assert.equal(exits.members[0]?.state().authFailed, true);
  });

  test('and is not content with us is left for another one', (t) => {
    const exits = exitsOf(2);
    const play = stage(t, { groups: [exits] })
      .downstreamSends(get())
      .expectDialBegins('exits/exits-0');
    play.upstreamAccepts(auth).expectUpstream(/^GET/).upstreamSends(challenge);
    served(play, 1);
    assert.deepEqual(
      exits.members.map((member) => member.state().authFailed),
      [true, false],
    );
  });

  test('and asks anew when a long body has gone by is not held to have refused', (t) => {
    const exits = exitsOf(1);
    const size = 100_000;
    const fields = ['Host: a.test', `Content-Length: ${size}`];
    const long = head('POST http://a.test/ HTTP/1.1', ...fields) + 'x'.repeat(size);
    const willing: ProxyAuth = { ...auth, challenge: () => true };
    const play = stage(t, { groups: [exits] })
      .downstreamSends(long)
      .expectDialBegins('exits/exits-0');
    play.upstreamAccepts(willing).expectUpstream(/x$/).upstreamSends(challenge);
    play.expectDownstream(/^HTTP\/1\.1 503 /);
    assert.deepEqual([exits.members[0]?.state().authFailed, failuresOf(exits)], [false, [0]]);
  });

  test('and closes to be asked again is not held to have refused', (t) => {
    const exits = exitsOf(1);
    const willing: ProxyAuth = { ...auth, challenge: () => true };
    const play = stage(t, { groups: [exits] })
      .downstreamSends(get())
      .expectDialBegins('exits/exits-0');
    const closing = challenge.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    play.upstreamAccepts(willing).expectUpstream(/^GET/).upstreamSends(closing);
    served(play, 0);
    const { authFailed, failures, uses } = exits.members[0]!.state();
    assert.deepEqual([authFailed, failures, uses], [false, 0, 1]);
  });
});

test('a client that goes away says nothing of the exit', async (t) => {
  const exits = exitsOf(1);
  const play = stage(t, { groups: [exits] });
  served(play.downstreamSends(get()), 0);
  play.downstreamSends(get()).expectUpstream(/^GET/).clientCloses();
  assert.deepEqual([breakersOf(exits), failuresOf(exits)], [['closed'], [0]]);
});
