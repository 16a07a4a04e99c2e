import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { forwardTo, GET, head, origin, Playbook, route, TIMEOUTS } from '../../test/support/playbook.ts';
import { DEFAULT_LIMITS } from '../codec/http1/message-parser.ts';
import type { AnswerTarget } from '../contract/target.ts';
import { compile } from './compile.ts';
import { Engine } from './engine.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');
const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');
const GOT_OK = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>');
const GOT_LAST = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>', 'Connection: close');
const TEAPOT: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.answer({ status: 418 }) };

/** Tells when its program is disposed of. */
function withPolicy(disposed: string[]): { name: string; dispose: () => void } {
  return { name: 'old', dispose: () => void disposed.push('old') };
}

describe('a new program', () => {
  test('is for the requests that come from then on', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.engine.swap(compile([[route(TEAPOT)]], play.traffic));
    play.upstreamSends(OK).expectDownstream(GOT_OK);
    play.downstreamSends(GET).expectDownstream(/^HTTP\/1\.1 418 /);
  });

  test('leaves the old one in place until its last exchange has ended', (t) => {
    const disposed: string[] = [];
    const play = new Playbook(t, { policies: [withPolicy(disposed)] }).downstreamSends(GET).expectDial();
    play.expectUpstream(SEEN).engine.swap(compile([[route(TEAPOT)]], play.traffic));
    assert.deepEqual(disposed, []);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
    assert.deepEqual(disposed, ['old']);
  });

  test('ends the idle connections to the old origins at once, and the others after their answer', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play
      .clientConnects()
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN)
      .upstreamSends(OK)
      .expectDownstream(GOT_OK);
    play.together(() => play.engine.swap(compile([[route(TEAPOT)]], play.traffic)));
    play.expectUpstreamConnection('destroyed').onUpstream(0).expectUpstreamConnection('open');
    play.upstreamSends(OK).onClient(0).expectDownstream(GOT_OK).expectUpstreamConnection('destroyed');
  });

  test('lets a request that waits for a connection have it from the old origin', (t) => {
    const play = new Playbook(t, { target: forwardTo(origin({ maxConnections: 1 })) });
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.clientConnects().downstreamSends(GET).expectNoDial();
    play.engine.swap(compile([[route(TEAPOT)]], play.traffic));
    play.upstreamSends(OK).onClient(0).expectDownstream(GOT_OK);
    play.expectUpstream(SEEN).upstreamSends(OK).onClient(1).expectDownstream(GOT_OK);
    play.expectUpstreamConnection('destroyed');
  });

  test('may choose the same origin by name: it has connections of its own', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK);
    play.expectDownstream(GOT_OK);
    play.together(() => play.engine.swap(compile([[route(forwardTo())]], play.traffic)));
    play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
  });
});

test('new limits and times are for connections and requests that begin from then on', (t) => {
  const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK);
  play.expectDownstream(GOT_OK);
  const limits = { request: { ...DEFAULT_LIMITS, maxTargetBytes: 5 }, response: DEFAULT_LIMITS, maxBodyBytes: 5 };
  play.engine.configure(limits, { ...TIMEOUTS, idleMs: 1000 }, play.engine.dial);
  play.downstreamSends(GET).expectUpstream(SEEN).upstreamSends(OK).expectDownstream(GOT_OK);
  play.passes(1500).expectClientConnection('destroyed');
  play
    .clientConnects()
    .downstreamSends(head('GET /too-long HTTP/1.1', 'Host: a'))
    .expectError(414, 'request_target_too_long');
});

describe('draining', () => {
  test('lets a running request end, and its connection with it', async (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    let drained = false;
    const done = play.engine.drain().then(() => (drained = true));
    await play.promises();
    assert.equal(drained, false);
    play.upstreamSends(OK).expectDownstream(GOT_LAST).expectClientConnection('ended').clientEnds();
    await done;
    assert.equal(play.engine.clientConnections, 0);
  });

  test('gives a request that is on its way a moment to arrive, and ends a silent connection after it', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN).upstreamSends(OK);
    play.expectDownstream(GOT_OK).clientConnects();
    void play.engine.drain();
    play.passes(500).expectClientConnection('open').onClient(0).downstreamSends(GET).expectUpstream(SEEN);
    play.upstreamSends(OK).expectDownstream(GOT_LAST).expectClientConnection('ended');
    play.onClient(1).passes(1000).expectClientConnection('ended');
  });

  test('ends the connection of an answer that had begun', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 2')}h`).expectDownstream(/h$/);
    void play.engine.drain();
    play.upstreamSends('i').expectDownstream('i').expectClientConnection('ended');
  });

  test('is over at once when nobody is there', async (t) => {
    await new Playbook(t).engine.drain();
  });
});

describe('closing', () => {
  test('cuts what is open', (t) => {
    const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.together(() => play.engine.close());
    play.expectClientConnection('reset').expectUpstreamConnection('destroyed');
    assert.equal(play.accessLines()[0]?.['error.type'], 'client_closed');
  });

  test('disposes of the program', (t) => {
    const disposed: string[] = [];
    const play = new Playbook(t, { policies: [withPolicy(disposed)] });
    play.engine.close();
    play.engine.close();
    assert.deepEqual(disposed, ['old']);
  });
});

test('a fault that nobody listens for is a warning of the process', async (t) => {
  const { engine } = new Playbook(t);
  const { program, limits, timeouts, traffic, dial } = engine;
  const deaf = new Engine({ program, limits, timeouts, traffic, dial });
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  deaf.onFault(new Error('a fault'));
  assert.match((await warned).message, /a fault/);
});
