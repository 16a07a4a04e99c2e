// What a route bounds holds from the first byte of an exchange to its last.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  EVERYTHING,
  forwardTo,
  GET,
  head,
  Playbook,
  type PlaybookOptions,
  route,
  TIMEOUTS,
} from '../../test/support/playbook.ts';
import type { Attempt } from '../contract/target.ts';
import type { Bounds, Timeouts } from '../contract/bounds.ts';
import type { Policy } from '../contract/policy.ts';

const OK = head('HTTP/1.1 200 OK', 'Content-Length: 2');

function bounded(bounds: Bounds): Policy {
  return { name: 'bounded', bounds };
}

function within(timeouts: Partial<Timeouts>): PlaybookOptions {
  return { policies: [bounded({ timeouts: { ...TIMEOUTS, ...timeouts } })] };
}

function post(path: string, length: number): string {
  return head(`POST ${path} HTTP/1.1`, 'Host: a.test', `Content-Length: ${length}`);
}

function postChunked(path = '/'): string {
  return head(`POST ${path} HTTP/1.1`, 'Host: a.test', 'Transfer-Encoding: chunked');
}

test('a client that ends its half is waited for with its answer, unless the route takes it for gone', (t) => {
  const waiting = new Playbook(t)
    .downstreamSends(GET)
    .expectDial()
    .expectUpstream(/^GET/)
    .clientEnds()
    .expectClientConnection('open');
  waiting.upstreamSends(`${OK}hi`).expectDownstream(/hi$/).end();
  const gone = new Playbook(t, { policies: [bounded({ halfIsGone: true })] });
  gone.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
  gone
    .upstreamSends(`${OK}h`)
    .expectDownstream(/h$/)
    .clientEnds()
    .expectClientConnection('destroyed')
    .expectUpstreamConnection('destroyed');
});

describe('the most that a body may have', () => {
  const routes = [
    route(forwardTo(), [bounded({ bodyBytes: 20 })], { match: { ...EVERYTHING, path: '/uploads/*' } }),
    route(forwardTo(), [bounded({ bodyBytes: 2 })], { match: { ...EVERYTHING, path: '/forms/*' } }),
    route(forwardTo()),
  ];
  const options = { routes, limits: { maxBodyBytes: 10 } };

  test('is that of the route, be it more or less than that of the door', (t) => {
    for (const [path, most] of [
      ['/uploads/a', 20],
      ['/forms/a', 2],
      ['/', 10],
    ] as const) {
      const play = new Playbook(t, options).downstreamSends(post(path, most) + 'x'.repeat(most)).expectDial();
      play.expectUpstream(/x$/).upstreamSends(`${OK}hi`).expectDownstream(/hi$/);
      play
        .downstreamSends(post(path, most + 1))
        .expectError(413, 'request_body_too_large')
        .expectNothingUpstream();
      play.expectClientConnection('ended').end();
    }
  });

  test('holds for bodies of unknown length, as soon as a chunk says too much', (t) => {
    const play = new Playbook(t, options).downstreamSends(`${postChunked('/forms/a')}2\r\nhi\r\n`).expectDial();
    play
      .expectUpstream(/hi\r\n$/)
      .downstreamSends('1\r\n')
      .expectError(413, 'request_body_too_large');
    play.expectUpstreamConnection('destroyed').expectClientConnection('ended');
  });

  test('cuts an answer that has begun', (t) => {
    const play = new Playbook(t, options).downstreamSends(`${postChunked('/forms/a')}2\r\nhi\r\n`).expectDial();
    play
      .expectUpstream(/hi\r\n$/)
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 9'))
      .expectDownstream(/^HTTP/);
    play.downstreamSends('1\r\n').expectClientConnection('reset').expectUpstreamConnection('destroyed');
  });
});

describe('the time until an answer', () => {
  test('is that of the route', (t) => {
    const play = new Playbook(t, within({ responseMs: 2000 })).downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.passes(1500).expectNothingDownstream().passes(1000).expectError(504, 'upstream_timeout');
    play.expectUpstreamConnection('destroyed');
  });

  test('ends with the whole head and not with its first byte', (t) => {
    const play = new Playbook(t, within({ responseMs: 2000 })).downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.passes(1500).upstreamSends('HTTP/1.1 200 OK\r\n').passes(1000).expectError(504, 'upstream_timeout');
    play.expectUpstreamConnection('destroyed');
  });

  test('begins anew with an interim answer', (t) => {
    const play = new Playbook(t, within({ responseMs: 2000 })).downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.passes(1500).upstreamSends(head('HTTP/1.1 102 Processing')).expectDownstream(/ 102 /).passes(1500);
    play.upstreamSends(`${OK}hi`).expectDownstream(/hi$/);
  });

  test('says nothing of the silences within it', (t) => {
    const play = new Playbook(t, within({ responseMs: 2000, readMs: 10_000 })).downstreamSends(GET).expectDial();
    play.expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(/^HTTP/).passes(9000).upstreamSends('h');
    play.expectDownstream('h').passes(9000).expectClientConnection('open').passes(2000);
    play.expectClientConnection('reset').expectUpstreamConnection('destroyed');
  });
});

describe('the time of a whole exchange', () => {
  const attempts: Attempt[] = [];
  const target = { ...forwardTo(), report: (attempt: Attempt) => void attempts.push(attempt) };

  test('ends one that nobody answers, and holds that against the server', (t) => {
    const play = new Playbook(t, { target, ...within({ totalMs: 5000 }) }).downstreamSends(GET).expectDial();
    play.expectUpstream(/^GET/).passes(6000).expectError(504, 'exchange_timeout');
    play.expectUpstreamConnection('destroyed');
    assert.equal(attempts.pop()?.code, 'upstream_timeout');
  });

  test('ends one whose client sends on and on, and holds that against nobody', (t) => {
    const play = new Playbook(t, { target, ...within({ totalMs: 5000 }) }).downstreamSends(postChunked()).expectDial();
    play
      .expectUpstream(/^POST/)
      .passes(4000)
      .downstreamSends('1\r\nx\r\n')
      .expectUpstream(/x\r\n$/)
      .passes(2000);
    play.expectError(504, 'exchange_timeout').expectUpstreamConnection('destroyed');
    assert.equal(attempts.pop()?.code, null);
  });

  test('cuts an answer that has begun', (t) => {
    const play = new Playbook(t, within({ totalMs: 5000 })).downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 9')).expectDownstream(/^HTTP/);
    for (let second = 0; second < 4; second++) play.passes(1000).upstreamSends('x').expectDownstream('x');
    play.passes(2000).expectClientConnection('reset').expectUpstreamConnection('destroyed');
  });

  test('is that of each exchange of a connection alone', (t) => {
    const play = new Playbook(t, within({ totalMs: 5000 })).downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    for (let round = 0; round < 3; round++) {
      play.passes(3000).upstreamSends(`${OK}hi`).expectDownstream(/hi$/).passes(3000);
      play.downstreamSends(GET).expectUpstream(/^GET/);
    }
    play.upstreamSends(`${OK}hi`).expectDownstream(/hi$/);
  });

  test('does not hold for connections that are joined', (t) => {
    const upgrade = head('GET / HTTP/1.1', 'Host: a.test', 'Connection: upgrade', 'Upgrade: websocket');
    const play = new Playbook(t, within({ totalMs: 5000, tunnelIdleMs: 20_000 })).downstreamSends(upgrade).expectDial();
    play.expectUpstream(/^GET/).upstreamSends(head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket'));
    play.expectDownstream(/ 101 /).passes(15_000).upstreamSends('ping').expectDownstream('ping');
    play.clientCloses();
  });
});
