import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { forwardTo, GET, head, origin, Playbook } from '../../test/support/playbook.ts';
import type { Attempt, ForwardTarget, Origin } from '../contract/target.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');
const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;
const GOT_OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Date: <date>')}hi`;

describe('an attempt on an origin', () => {
  const reported = (t: TestContext, script: (play: Playbook) => void): Attempt[] => {
    const attempts: Attempt[] = [];
    const play = new Playbook(t, { target: { ...forwardTo(), report: (attempt) => attempts.push(attempt) } });
    script(play);
    play.end();
    return attempts;
  };
  const short = (attempts: readonly Attempt[]): unknown[] =>
    attempts.map(({ code, status }) => [code !== null, status]);
  const ask = (play: Playbook): Playbook => play.downstreamSends(GET).expectDial().expectUpstream(SEEN);

  test('is reported with its status and its time', (t) => {
    const attempts = reported(t, (play) => void ask(play).passes(100).upstreamSends(OK).expectDownstream(GOT_OK));
    assert.deepEqual(attempts, [{ origin: origin(), ticket: 0, code: null, status: 200, durationMs: 100 }]);
  });

  test('took as long as its answer took to begin, whatever the rest of it takes', (t) => {
    const slow = reported(t, (play) => {
      ask(play).passes(100).upstreamSends(OK.slice(0, -1)).expectDownstream(/h$/).passes(1000).upstreamSends('i');
      play.expectDownstream('i');
    });
    assert.deepEqual(slow[0]?.durationMs, 100);
    const switched = reported(t, (play) => {
      play.downstreamSends(head('GET / HTTP/1.1', 'Host: a', 'Connection: upgrade', 'Upgrade: x')).expectDial();
      play.expectUpstream(/^GET/).passes(100);
      play.upstreamSends(head('HTTP/1.1 101 Switching Protocols', 'Connection: upgrade', 'Upgrade: x'));
      play.expectDownstream(/ 101 /).passes(5000).upstreamCloses().clientEnds();
    });
    assert.deepEqual([switched[0]?.status, switched[0]?.durationMs], [101, 100]);
  });

  test('comes with the ticket that its target has given it', (t) => {
    const tickets: number[] = [];
    let next = 7;
    const target: ForwardTarget = {
      ...forwardTo(),
      select: (exchange) => {
        exchange.ticket = next++;
        return origin({ maxConnections: 0 });
      },
      report: ({ ticket }) => tickets.push(ticket),
    };
    const play = new Playbook(t, { target }).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.clientConnects().downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.onUpstream(0).upstreamSends(OK).onClient(0).expectDownstream(GOT_OK);
    play.onUpstream(1).upstreamSends(OK).onClient(1).expectDownstream(GOT_OK);
    assert.deepEqual(tickets, [7, 8]);
  });

  describe('that is promised', () => {
    const promising = (): { target: ForwardTarget; left: string[]; keep: () => void } => {
      const left: string[] = [];
      const { promise, resolve } = Promise.withResolvers<Origin>();
      const leave: ForwardTarget['leave'] = ({ request }) => left.push(request.path);
      return { target: { ...forwardTo(), select: () => promise, leave }, left, keep: () => resolve(origin()) };
    };

    test('is given up by a client that goes away', async (t) => {
      const { target, left, keep } = promising();
      const play = new Playbook(t, { target }).downstreamSends(GET).clientCloses();
      assert.deepEqual(left, ['/']);
      keep();
      (await play.promises()).expectNoDial();
    });

    test('is not kept for a client that will send nothing more', (t) => {
      const { target, left } = promising();
      new Playbook(t, { target }).downstreamSends(GET).clientEnds().expectClientConnection('destroyed');
      assert.deepEqual(left, ['/']);
    });

    test('is taken and never given up', async (t) => {
      const { target, left, keep } = promising();
      const play = new Playbook(t, { target }).downstreamSends(GET);
      keep();
      (await play.promises()).expectDial().expectUpstream(SEEN).upstreamSends(OK).expectDownstream(GOT_OK);
      assert.deepEqual(left, []);
    });
  });

  test('is reported as failed when there was no connection, no answer, or half of one', (t) => {
    const none = reported(t, (play) => {
      play.downstreamSends(GET).expectDialBegins().upstreamRefuses().expectError(502, 'upstream_unreachable');
    });
    assert.deepEqual(short(none), [[true, 0]]);
    const silent = reported(t, (play) => void ask(play).passes(31_000).expectError(504, 'upstream_timeout'));
    assert.deepEqual(short(silent), [[true, 0]]);
    const half = reported(t, (play) => {
      ask(play).upstreamSends(OK.slice(0, -1)).expectDownstream(/h$/).upstreamCloses();
    });
    assert.deepEqual(short(half), [[true, 0]]);
  });

  test('is one attempt for whoever chose the origin, also when the request goes out to it twice', (t) => {
    const attempts = reported(t, (play) => {
      ask(play).upstreamSends(OK).expectDownstream(GOT_OK);
      play.downstreamSends(GET).expectUpstream(SEEN).upstreamCloses();
      play.expectDial().expectUpstream(SEEN).upstreamSends(OK).expectDownstream(GOT_OK);
    });
    assert.deepEqual(short(attempts), [
      [false, 200],
      [false, 200],
    ]);
  });

  test('is reported, and not held against the origin, when the client went away', (t) => {
    const before = reported(t, (play) => void ask(play).clientCloses());
    assert.deepEqual(short(before), [[false, 0]]);
    const during = reported(t, (play) => {
      ask(play).upstreamSends(OK.slice(0, -1)).expectDownstream(/h$/).clientCloses();
    });
    assert.deepEqual(short(during), [[false, 200]]);
    const dialling = reported(t, (play) => {
      play.downstreamSends(GET).expectDialBegins().clientCloses().upstreamAccepts();
    });
    assert.deepEqual(short(dialling), [[false, 0]]);
  });

  test('is reported, and not held against the origin, when it never began', (t) => {
    const attempts: Attempt[] = [];
    const only = origin({ maxConnections: 1 });
    const target = { ...forwardTo(only), report: (attempt: Attempt): number => attempts.push(attempt) };
    const play = new Playbook(t, { target }).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.clientConnects().downstreamSends(GET).expectNoDial().clientCloses();
    assert.deepEqual(short(attempts), [[false, 0]]);
    play.onClient(0).upstreamSends(OK).expectDownstream(GOT_OK).end();
    const own = new Playbook(t, {
      target,
      policies: [{ name: 'own', upstream: (exchange): void => exchange.answer({ status: 204 }) }],
    });
    own.downstreamSends(GET).expectNoDial().expectDownstream(/ 204 /);
    assert.deepEqual(short(attempts.slice(2)), [[false, 0]]);
  });

  test('is reported, and not held against the origin, when the request turned out to be bad', (t) => {
    const attempts = reported(t, (play) => {
      play.downstreamSends(head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')).expectDial();
      play.expectUpstream(/^POST/).downstreamSends('x').expectError(400, 'request_invalid');
    });
    assert.deepEqual(short(attempts), [[false, 0]]);
  });
});

describe('what is counted of an origin', () => {
  const UPSTREAM = { upstream: 'http://origin.test:80' };

  test('is how it answered, and how long it took to reach it', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK);
    play.expectDownstream(GOT_OK);
    assert.equal(play.metric('sluice_upstream_requests_total', { ...UPSTREAM, code: '2xx' }), 1);
    assert.equal(play.metric('sluice_upstream_requests_total', UPSTREAM), 1);
    assert.equal(play.metric('sluice_upstream_connections_total', UPSTREAM), 1);
    assert.equal(play.metric('sluice_upstream_connections_open', UPSTREAM), 1);
    play.upstreamCloses();
    assert.equal(play.metric('sluice_upstream_connections_open', UPSTREAM), 0);
  });

  test('is what went wrong, and what was tried again', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDialBegins().upstreamRefuses();
    play.expectError(502, 'upstream_unreachable');
    assert.equal(play.metric('sluice_upstream_errors_total', { ...UPSTREAM, reason: 'upstream_unreachable' }), 1);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK).expectDownstream(GOT_OK);
    play.downstreamSends(GET).expectUpstream(SEEN).upstreamCloses().expectDial().expectUpstream(SEEN);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
    assert.equal(play.metric('sluice_upstream_retries_total', { ...UPSTREAM, reason: 'upstream_reset' }), 1);
    assert.equal(play.metric('sluice_upstream_errors_total', { ...UPSTREAM, reason: 'upstream_reset' }), 1);
    assert.equal(play.metric('sluice_upstream_requests_total', UPSTREAM), 2);
  });
});
