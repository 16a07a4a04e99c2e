import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { forwardTo, GET, head, origin, Playbook } from '../../test/support/playbook.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');
const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');
const GOT_OK = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>');
const POST = head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 0');

/** A playbook in which one request has been answered, so that one upstream connection is idle. */
function withIdleConnection(play: Playbook, answer: string = OK): Playbook {
  play.downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(answer);
  play.takeDownstream();
  return play;
}

describe('the pool of an origin', () => {
  test('sends the next request on the connection that is idle', (t) => {
    withIdleConnection(new Playbook(t))
      .downstreamSends(GET)
      .expectNoDial()
      .expectUpstream(SEEN)
      .upstreamSends(OK)
      .expectDownstream(GOT_OK);
  });

  test('takes the connection that was used last', (t) => {
    const play = new Playbook(t);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.clientConnects().downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
    play.onUpstream(0).upstreamSends(OK).onClient(0).expectDownstream(GOT_OK);
    play.downstreamSends(GET).onUpstream(1).expectNothingUpstream().onUpstream(0).expectUpstream(SEEN);
  });

  test('opens another connection while the others are busy', (t) => {
    const play = new Playbook(t);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.clientConnects().downstreamSends(GET).expectDial().expectUpstream(SEEN);
    assert.equal(play.engine.upstreamConnections, 2);
  });

  test('keeps the connections of two origins apart', (t) => {
    const one = origin();
    const other = origin({ name: 'http://other.test:80', host: 'other.test' });
    let chosen = one;
    const play = new Playbook(t, { target: { kind: 'forward', select: () => chosen } });
    withIdleConnection(play);
    chosen = other;
    play.downstreamSends(GET).expectDial('http://other.test:80').expectUpstream(SEEN);
  });

  test('answers 502 when no connection can be made, and keeps nothing', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDialBegins().upstreamRefuses();
    play.expectError(502, 'upstream_unreachable').expectClientConnection('open');
    assert.equal(play.engine.upstreamConnections, 0);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
  });

  test('says 504 when the connection takes too long', (t) => {
    new Playbook(t)
      .downstreamSends(GET)
      .expectDialBegins()
      .upstreamRefuses('upstream_connect_timeout')
      .expectError(504, 'upstream_connect_timeout');
  });
});

describe('connections that are no longer alive', () => {
  test('leave the pool when the server closes them', (t) => {
    withIdleConnection(new Playbook(t))
      .upstreamCloses()
      .expectUpstreamConnection('destroyed')
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN);
  });

  test('leave the pool when the server resets them', (t) => {
    withIdleConnection(new Playbook(t)).upstreamCloses('reset').downstreamSends(GET).expectDial().expectUpstream(SEEN);
  });

  test('leave the pool at the first byte that nobody asked for', (t) => {
    withIdleConnection(new Playbook(t))
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 4') + 'evil')
      .expectUpstreamConnection('destroyed')
      .expectNothingDownstream()
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN);
  });

  test('are not given out in the moment between their end and their close', (t) => {
    const play = withIdleConnection(new Playbook(t));
    play.clientConnects();
    // Both happen in one turn of the loop: the server's end is seen, and a request comes in.
    play.together(() => {
      play.upstreamCloses();
      play.downstreamSends(POST);
    });
    play.expectDial().expectUpstream(/^POST/).upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('leave the pool after a while without use', (t) => {
    withIdleConnection(new Playbook(t))
      .passes(50_000)
      .expectUpstreamConnection('open')
      .passes(6000)
      .expectUpstreamConnection('destroyed');
  });

  test('leave the pool a second before the server said it would close them', (t) => {
    withIdleConnection(new Playbook(t), head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Keep-Alive: max=5, timeout=5'))
      .passes(3900)
      .expectUpstreamConnection('open')
      .passes(500)
      .expectUpstreamConnection('destroyed');
  });

  test('are not pooled at all when the server keeps them for no more than that second', (t) => {
    withIdleConnection(
      new Playbook(t),
      head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Keep-Alive: timeout=1'),
    ).expectUpstreamConnection('destroyed');
  });

  test('stay as long as ours when the server says more, or nothing that can be read', (t) => {
    for (const value of ['timeout=100', 'timeout=x', 'max=3', 'xtimeout=2']) {
      const play = new Playbook(t);
      withIdleConnection(play, head('HTTP/1.1 200 OK', 'Content-Length: 0', `Keep-Alive: ${value}`));
      play.passes(50_000).expectUpstreamConnection('open').passes(6000).expectUpstreamConnection('destroyed').end();
    }
  });
});

describe('a connection that came too late for the request that it was made for', () => {
  const late = (play: Playbook): Playbook =>
    play.downstreamSends(GET).expectDialBegins().clientCloses().upstreamAccepts().expectNothingUpstream();

  test('leaves the pool after a while without use, like any other', (t) => {
    late(new Playbook(t))
      .passes(50_000)
      .expectUpstreamConnection('open')
      .passes(6000)
      .expectUpstreamConnection('destroyed');
  });

  test('may have died in the pool, and then the next request goes again on a fresh one', (t) => {
    const play = late(new Playbook(t));
    play.clientConnects().downstreamSends(GET).expectNoDial().expectUpstream(SEEN).upstreamCloses('reset');
    play.expectDial().expectUpstream(SEEN).upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('is nobody else’s where it has told the server whose it is', (t) => {
    const play = late(new Playbook(t, { target: forwardTo(origin({ proxyProtocol: 1 })) }));
    play.expectUpstreamConnection('destroyed');
    play.clientConnects().downstreamSends(GET).expectDial().expectUpstream(SEEN);
  });

  test('is not given to who waits for a connection, either, where it has told the server whose it is', (t) => {
    const play = new Playbook(t, { target: forwardTo(origin({ proxyProtocol: 1, maxConnections: 1 })) });
    play.downstreamSends(GET).expectDialBegins().clientCloses();
    play.clientConnects().downstreamSends(GET).upstreamAccepts().expectUpstreamConnection('destroyed');
    play.expectDial().expectUpstream(SEEN);
  });
});

describe('connections that are not used again', () => {
  const unfit = {
    'after an answer that says so': head('HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 0'),
    'after an answer in 1.0': head('HTTP/1.0 200 OK', 'Content-Length: 0'),
    'with bytes left over behind the answer': `${OK}HTTP/1.1 200 OK\r\n\r\n`,
    'with a body behind an answer that has none': `${head('HTTP/1.1 304 Not Modified', 'Content-Length: 4')}evil`,
  };
  for (const [when, answer] of Object.entries(unfit)) {
    test(when, (t) => {
      withIdleConnection(new Playbook(t), answer)
        .expectUpstreamConnection('destroyed')
        .downstreamSends(GET)
        .expectDial()
        .expectUpstream(SEEN);
    });
  }

  test('after an answer in 1.0 that keeps the connection they are', (t) => {
    withIdleConnection(new Playbook(t), head('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 0'))
      .downstreamSends(GET)
      .expectNoDial()
      .expectUpstream(SEEN);
  });
});

describe('the one retry', () => {
  test('sends a request again, on a fresh connection, when a reused one died before it answered', (t) => {
    for (const how of ['end', 'reset'] as const) {
      const play = withIdleConnection(new Playbook(t));
      play.downstreamSends(GET).expectNoDial().expectUpstream(SEEN).upstreamCloses(how);
      play.expectNothingDownstream().expectDial().expectUpstream(SEEN).upstreamSends(OK).expectDownstream(GOT_OK);
      play.end();
    }
  });

  test('does not happen twice', (t) => {
    withIdleConnection(new Playbook(t))
      .downstreamSends(GET)
      .expectUpstream(SEEN)
      .upstreamCloses()
      .expectDial()
      .expectUpstream(SEEN)
      .upstreamCloses()
      .expectNoDial()
      .expectError(502, 'upstream_reset');
  });

  test('does not happen on a connection that was fresh', (t) => {
    new Playbook(t)
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN)
      .upstreamCloses()
      .expectNoDial()
      .expectError(502, 'upstream_reset');
  });

  test('does not happen for a request that means something else the second time', (t) => {
    withIdleConnection(new Playbook(t))
      .downstreamSends(POST)
      .expectUpstream(/^POST/)
      .upstreamCloses()
      .expectNoDial()
      .expectError(502, 'upstream_reset');
  });

  test('does not happen for a request whose body is gone', (t) => {
    withIdleConnection(new Playbook(t))
      .downstreamSends(`${head('PUT / HTTP/1.1', 'Host: a.test', 'Content-Length: 2')}hi`)
      .expectUpstream(/^PUT/)
      .upstreamCloses()
      .expectNoDial()
      .expectError(502, 'upstream_reset');
  });

  test('does not happen once anything of an answer was seen', (t) => {
    withIdleConnection(new Playbook(t))
      .downstreamSends(GET)
      .expectUpstream(SEEN)
      .upstreamSends('HTTP/1.1 2')
      .upstreamCloses()
      .expectNoDial()
      .expectError(502, 'upstream_incomplete');
  });

  test('does not happen when the server was only slow', (t) => {
    withIdleConnection(new Playbook(t))
      .downstreamSends(GET)
      .expectUpstream(SEEN)
      .passes(31_000)
      .expectNoDial()
      .expectError(504, 'upstream_timeout');
  });
});

describe('an origin that takes only so many connections', () => {
  const limited = (t: TestContext, maxConnections = 1): Playbook =>
    new Playbook(t, { target: forwardTo(origin({ maxConnections })) });

  test('gets the waiting requests one after the other, in their order', (t) => {
    const play = limited(t);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.clientConnects().downstreamSends(GET.replace('/', '/second')).expectNoDial();
    play.clientConnects().downstreamSends(GET.replace('/', '/third')).expectNoDial();
    play.upstreamSends(OK).onClient(0).expectDownstream(GOT_OK);
    play.expectUpstream(SEEN.replace('/', '/second')).upstreamSends(OK).onClient(1).expectDownstream(GOT_OK);
    play.expectUpstream(SEEN.replace('/', '/third')).upstreamSends(OK).onClient(2).expectDownstream(GOT_OK);
    assert.equal(play.engine.upstreamConnections, 1);
  });

  test('gets the waiting request on a new connection when the old one has ended', (t) => {
    const play = limited(t);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.clientConnects().downstreamSends(GET).expectNoDial();
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 0'));
    play.onClient(0).expectDownstream(GOT_OK);
    play.expectDial().expectUpstream(SEEN).upstreamSends(OK).onClient(1).expectDownstream(GOT_OK);
  });

  test('gets the waiting request when a dial has failed', (t) => {
    const play = limited(t);
    play.downstreamSends(GET).expectDialBegins();
    play.clientConnects().downstreamSends(GET);
    play.upstreamRefuses().onClient(0).expectError(502, 'upstream_unreachable');
    play.expectDial().expectUpstream(SEEN).upstreamSends(OK).onClient(1).expectDownstream(GOT_OK);
  });

  test('does not get the request of a client that has given up waiting', (t) => {
    const play = limited(t);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.clientConnects().downstreamSends(GET).clientCloses();
    play.upstreamSends(OK).onClient(0).expectDownstream(GOT_OK).expectNothingUpstream();
  });

  test('uses a connection for another request when the client it was made for is gone', (t) => {
    const play = limited(t);
    play.downstreamSends(GET).expectDialBegins().clientCloses();
    play.clientConnects().downstreamSends(GET).upstreamAccepts().expectUpstream(SEEN);
  });

  test('keeps the connection in the pool when nobody waits for it any more', (t) => {
    const play = limited(t, 0);
    play.downstreamSends(GET).expectDialBegins().clientCloses().upstreamAccepts().expectNothingUpstream();
    play.clientConnects().downstreamSends(GET).expectNoDial().expectUpstream(SEEN);
  });

  test('lets a thousand wait and turns the next one away', (t) => {
    const play = limited(t);
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
    for (let waiting = 0; waiting < 1024; waiting++) play.clientConnects().downstreamSends(GET);
    play.clientConnects().downstreamSends(GET).expectError(503, 'upstream_busy');
    play.clientConnects().downstreamSends(GET).expectError(503, 'upstream_busy');
  });
});

describe('a request that cannot be sent twice, and goes to a proxy', () => {
  const GET_URL = head('GET http://a.test/ HTTP/1.1', 'Host: a.test');
  const POST_URL = `${head('POST http://a.test/ HTTP/1.1', 'Host: a.test', 'Content-Length: 2')}hi`;
  const proxied = (t: TestContext, maxConnections = 0): Playbook => {
    const play = new Playbook(t, { target: forwardTo(origin({ isProxy: true, maxConnections })) });
    return answered(play.downstreamSends(GET_URL).expectDial().expectUpstream(/^GET/));
  };
  const answered = (play: Playbook): Playbook => play.upstreamSends(OK).expectDownstream(GOT_OK);

  test('does not go on a connection that the proxy may close behind its first answer', (t) => {
    answered(proxied(t).downstreamSends(POST_URL).expectDial().expectUpstream(/hi$/));
  });

  test('does once the proxy has been seen to keep one open', (t) => {
    const play = answered(proxied(t).downstreamSends(GET_URL).expectNoDial().expectUpstream(/^GET/));
    answered(play.downstreamSends(POST_URL).expectNoDial().expectUpstream(/hi$/));
  });

  test('does when the connection has stayed open for a while', (t) => {
    answered(proxied(t).passes(500).downstreamSends(POST_URL).expectNoDial().expectUpstream(/hi$/));
  });

  test('does when there may be no other connection', (t) => {
    answered(proxied(t, 1).downstreamSends(POST_URL).expectNoDial().expectUpstream(/hi$/));
  });
});
