import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook, type PlaybookOptions } from '../../test/support/playbook.ts';
import type { AnswerTarget } from '../contract/target.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');
const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');
const GOT_OK = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>');
const GOT_LAST = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>', 'Connection: close');
const POST = head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5');
const POSTED = head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5', '<forwarding>');

/** Answers each request at once with its path. */
const ECHO: AnswerTarget = {
  kind: 'answer',
  take: (exchange) => exchange.answer({ status: 200, body: exchange.request.path }),
};

function get(path: string, ...lines: readonly string[]): string {
  return head(`GET ${path} HTTP/1.1`, 'Host: a.test', ...lines);
}

function echoed(path: string, ...lines: readonly string[]): string {
  return head('HTTP/1.1 200 OK', `Content-Length: ${path.length}`, 'Date: <date>', ...lines) + path;
}

function echoing(t: TestContext, options: PlaybookOptions = {}): Playbook {
  return new Playbook(t, { target: ECHO, ...options });
}

describe('requests of one connection', () => {
  test('are answered one after the other', (t) => {
    echoing(t)
      .downstreamSends(get('/one'))
      .expectDownstream(echoed('/one'))
      .downstreamSends(get('/two'))
      .expectDownstream(echoed('/two'))
      .expectClientConnection('open');
  });

  test('may be sent at once, and are answered in their order', (t) => {
    echoing(t)
      .downstreamSends(get('/one') + get('/two') + get('/three'))
      .expectDownstream(echoed('/one') + echoed('/two') + echoed('/three'));
  });

  test('may come in any portions', (t) => {
    echoing(t)
      .downstreamSends(...(get('/one') + get('/two')).split(''))
      .expectDownstream(echoed('/one') + echoed('/two'));
  });

  test('reach their origin one at a time, however they were sent', (t) => {
    const play = new Playbook(t).downstreamSends(get('/one') + get('/two') + get('/three')).expectDial();
    for (const path of ['/one', '/two', '/three']) {
      play.expectUpstream(SEEN.replace('/', path)).upstreamSends(OK).expectDownstream(GOT_OK);
    }
    assert.equal(play.clientIsPaused, false);
  });

  test('with bodies are kept apart from what follows them', (t) => {
    const play = new Playbook(t).downstreamSends(`${POST}GET /${get('/next')}`).expectDial();
    play.expectUpstream(`${POSTED}GET /`).upstreamSends(OK).expectDownstream(GOT_OK);
    play.expectUpstream(SEEN.replace('/', '/next')).upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('wait without being read further while one is running', (t) => {
    const play = new Playbook(t).downstreamSends(get('/one')).expectDial().expectUpstream(SEEN.replace('/', '/one'));
    play.downstreamSends(get('/two'));
    assert.equal(play.clientIsPaused, true);
    play.upstreamSends(OK).expectDownstream(GOT_OK).expectUpstream(SEEN.replace('/', '/two'));
    assert.equal(play.clientIsPaused, false);
  });

  test('may have line ends between them, but not too many', (t) => {
    echoing(t)
      .downstreamSends(`\r\n${get('/one')}\r\n\r\n${get('/two')}`)
      .expectDownstream(echoed('/one') + echoed('/two'))
      .downstreamSends('\r\n'.repeat(5))
      .expectError(400, 'request_invalid')
      .expectClientConnection('ended');
  });

  test('are not read after one that is refused', (t) => {
    const play = echoing(t).downstreamSends(`${get('/one')}GET /two HTTP/1.1\r\n\r\n${get('/three')}`);
    const [first, ...others] = play.takeDownstream().split('HTTP/1.1 ').slice(1);
    assert.match(first!, /^200 OK[^]*\/one$/);
    assert.match(others.join('|'), /^400 Bad Request[^|]*$/);
    play.downstreamSends(get('/four')).expectNothingDownstream().expectClientConnection('ended');
  });

  test('after a head larger than the usual buffers go on as before', (t) => {
    const large = `X-Large: ${'x'.repeat(9000)}`;
    echoing(t)
      .downstreamSends(get('/one', large) + get('/two'))
      .expectDownstream(echoed('/one') + echoed('/two'));
  });
});

describe('the connection of a client', () => {
  test('ends after a request that says so, and nothing behind it is read', (t) => {
    echoing(t)
      .downstreamSends(get('/one', 'Connection: close') + get('/two'))
      .expectDownstream(echoed('/one', 'Connection: close'))
      .expectClientConnection('ended')
      .downstreamSends(get('/three'))
      .expectNothingDownstream();
  });

  test('ends after a request in 1.0', (t) => {
    echoing(t)
      .downstreamSends(head('GET /one HTTP/1.0', 'Connection: keep-alive') + get('/two'))
      .expectDownstream(echoed('/one', 'Connection: close'))
      .expectClientConnection('ended');
  });

  test('ends when a request was answered before its body was read', (t) => {
    echoing(t)
      .downstreamSends(POST)
      .expectDownstream(echoed('/', 'Connection: close'))
      .expectClientConnection('ended')
      .downstreamSends(`hello${get('/two')}`)
      .expectNothingDownstream();
  });

  test('closes for good when both sides have ended', (t) => {
    echoing(t)
      .downstreamSends(get('/one', 'Connection: close'))
      .expectDownstream(echoed('/one', 'Connection: close'))
      .clientEnds()
      .expectClientConnection('destroyed');
  });

  test('is not waited for long when the client does not end its side', (t) => {
    echoing(t)
      .downstreamSends(get('/one', 'Connection: close'))
      .expectDownstream(echoed('/one', 'Connection: close'))
      .passes(1900)
      .expectClientConnection('ended')
      .passes(500)
      .expectClientConnection('destroyed');
  });

  test('is cut when the client goes on sending without end', (t) => {
    const play = echoing(t).downstreamSends(POST).expectDownstream(echoed('/', 'Connection: close'));
    for (let part = 0; part < 17; part++) play.downstreamSends(Buffer.alloc(64 * 1024));
    play.expectClientConnection('destroyed');
  });

  test('may be ended by the client when nothing is running', (t) => {
    echoing(t)
      .downstreamSends(get('/one'))
      .expectDownstream(echoed('/one'))
      .clientEnds()
      .expectNothingDownstream()
      .expectClientConnection('destroyed');
  });

  test('may be opened and closed without a request', (t) => {
    const play = echoing(t).clientConnects().clientEnds().expectClientConnection('destroyed');
    assert.deepEqual(play.accessLines(), []);
  });
});

describe('a client that has ended its side', () => {
  test('still gets the answer to its request', (t) => {
    new Playbook(t)
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN)
      .clientEnds()
      .expectClientConnection('open')
      .upstreamSends(OK)
      .expectDownstream(/^HTTP\/1\.1 200 OK\r\n/)
      .expectClientConnection('closed');
  });

  test('still gets the answers to all that it has sent', (t) => {
    new Playbook(t)
      .downstreamSends(get('/one') + get('/two'))
      .clientEnds()
      .expectDial()
      .expectUpstream(SEEN.replace('/', '/one'))
      .upstreamSends(OK)
      .expectDownstream(/^HTTP\/1\.1 200 OK\r\n/)
      .expectUpstream(SEEN.replace('/', '/two'))
      .upstreamSends(OK)
      .expectDownstream(/^HTTP\/1\.1 200 OK\r\n/)
      .expectClientConnection('closed');
  });

  test('gets its answer also when the body came before there was an upstream', (t) => {
    new Playbook(t)
      .downstreamSends(`${POST}hello`)
      .clientEnds()
      .expectDial()
      .expectUpstream(`${POSTED}hello`)
      .upstreamSends(OK)
      .expectDownstream(/^HTTP\/1\.1 200 OK\r\n/)
      .expectClientConnection('closed');
  });

  test('in the middle of a head is told that it was cut', (t) => {
    echoing(t).downstreamSends('GET / HTTP/1.1\r\nHost').clientEnds().expectError(400, 'request_invalid');
  });

  test('in the middle of a body is told so, and the upstream sees no complete request', (t) => {
    new Playbook(t)
      .downstreamSends(`${POST}he`)
      .expectDial()
      .expectUpstream(`${POSTED}he`)
      .clientEnds()
      .expectError(400, 'request_invalid')
      .expectUpstreamConnection('destroyed');
  });

  test('gets all of an answer that it reads slowly', (t) => {
    const play = new Playbook(t).downstreamSends(get('/', 'Connection: close')).expectDial().expectUpstream(/^GET/);
    play
      .clientEnds()
      .clientStopsReading()
      .upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`);
    play.expectDownstream(/hi$/).passes(10_000).expectClientConnection('ended').clientReads();
    play.expectClientConnection('closed');
  });
});

test('a client that ends its side after a slow answer on a connection that stays still gets all of it', (t) => {
  const play = new Playbook(t).downstreamSends(GET).expectDial().expectUpstream(SEEN).clientStopsReading();
  play.upstreamSends(OK).expectDownstream(GOT_OK).clientEnds().expectClientConnection('ended');
  play.clientReads().expectClientConnection('closed');
});

describe('the deadlines of a client', () => {
  test('a connection without a request ends without a word', (t) => {
    echoing(t)
      .clientConnects()
      .passes(9000)
      .expectClientConnection('open')
      .passes(1500)
      .expectClientConnection('destroyed');
  });

  test('a head must be complete in time, however steadily it drips', (t) => {
    const play = echoing(t).downstreamSends('GET / HTTP/1.1\r\n');
    for (let second = 0; second < 11; second++) play.downstreamSends('X').passes(1000);
    play.expectError(408, 'request_timeout').expectClientConnection('ended');
    assert.equal(play.accessLines()[0]?.['http.response.status_code'], 408);
  });

  test('the next head has its time from its first byte on', (t) => {
    echoing(t)
      .downstreamSends(get('/one'))
      .expectDownstream(echoed('/one'))
      .passes(50_000)
      .downstreamSends('GET /two HT')
      .passes(9000)
      .downstreamSends('TP/1.1\r\nHost: a.test\r\n\r\n')
      .expectDownstream(echoed('/two'));
  });

  test('an idle connection ends without a word', (t) => {
    echoing(t)
      .downstreamSends(get('/one'))
      .expectDownstream(echoed('/one'))
      .passes(59_000)
      .expectClientConnection('open')
      .passes(1500)
      .expectClientConnection('destroyed');
  });

  test('a body that stalls gives 408, and the upstream sees no complete request', (t) => {
    new Playbook(t)
      .downstreamSends(`${POST}he`)
      .expectDial()
      .expectUpstream(`${POSTED}he`)
      .passes(29_000)
      .downstreamSends('l')
      .expectUpstream('l')
      .passes(29_000)
      .expectNothingDownstream()
      .passes(2000)
      .expectError(408, 'request_timeout')
      .expectClientConnection('ended')
      .expectUpstreamConnection('destroyed');
  });

  test('a body that stalls is noticed also after the answer has begun and was read slowly', (t) => {
    new Playbook(t)
      .downstreamSends(`${POST}he`)
      .expectDial()
      .expectUpstream(`${POSTED}he`)
      .clientStopsReading()
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 9'))
      .expectDownstream(/^HTTP\/1\.1 200 OK/)
      .clientReads()
      .passes(31_000)
      .expectClientConnection('reset')
      .expectUpstreamConnection('destroyed');
  });

  test('the time that an upstream takes is not held against the client', (t) => {
    new Playbook(t, { timeouts: { responseMs: 90_000 } })
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(SEEN)
      .passes(80_000)
      .upstreamSends(OK)
      .expectDownstream(GOT_OK);
  });

  test('the last bytes of an answer have the time for writing, also when the connection ends with them', (t) => {
    const play = new Playbook(t).downstreamSends(get('/', 'Connection: close')).expectDial().expectUpstream(/^GET/);
    play
      .clientStopsReading()
      .upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`)
      .expectDownstream(/hi$/);
    play.passes(19_000).expectClientConnection('ended').passes(2000).expectClientConnection('destroyed');
  });
});

describe('Expect: 100-continue', () => {
  const EXPECTING = head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5', 'Expect: 100-continue');
  const EXPECTED = EXPECTING.replace(/\r\n$/, '<forwarding>\r\n\r\n');
  const CONTINUE = head('HTTP/1.1 100 Continue');

  test('is for the origin to answer', (t) => {
    new Playbook(t)
      .downstreamSends(EXPECTING)
      .expectDial()
      .expectUpstream(EXPECTED)
      .expectNothingDownstream()
      .upstreamSends(CONTINUE)
      .expectDownstream(CONTINUE)
      .downstreamSends('hello')
      .expectUpstream('hello')
      .upstreamSends(OK)
      .expectDownstream(GOT_OK);
  });

  test('may be answered with the final status: then the connection ends', (t) => {
    new Playbook(t)
      .downstreamSends(EXPECTING)
      .expectDial()
      .expectUpstream(EXPECTED)
      .upstreamSends(OK)
      .expectDownstream(GOT_LAST)
      .expectClientConnection('ended');
  });

  test('is answered here for a target that reads the body itself', (t) => {
    const seen: string[] = [];
    const target: AnswerTarget = {
      kind: 'answer',
      take: (exchange) =>
        exchange.produce({
          takeBody: (bytes, from, to) => seen.push(Buffer.from(bytes.subarray(from, to)).toString()),
          takeEnd: () => exchange.answer({ status: 200 }),
          resume: () => {},
          cancel: () => {},
        }),
    };
    new Playbook(t, { target })
      .downstreamSends(EXPECTING)
      .expectDownstream(CONTINUE)
      .downstreamSends('hello')
      .expectDownstream(GOT_OK);
    assert.deepEqual(seen, ['hello']);
  });

  test('means nothing in 1.0', (t) => {
    new Playbook(t)
      .downstreamSends(`${EXPECTING.replace('HTTP/1.1', 'HTTP/1.0')}hello`)
      .expectDial()
      .expectUpstream(`${POSTED}hello`)
      .upstreamSends(OK)
      .expectDownstream(GOT_LAST);
  });
});

describe('a producer that holds the request back', () => {
  /** Takes the body piece by piece as the test says. */
  function holding(pauses: (taken: number) => boolean): { target: AnswerTarget; taken: string[]; resume: () => void } {
    const taken: string[] = [];
    let resume = (): void => {};
    const target: AnswerTarget = {
      kind: 'answer',
      take: (exchange) => {
        resume = () => exchange.resumeRequest();
        exchange.produce({
          takeBody: (bytes, from, to) => {
            taken.push(Buffer.from(bytes.subarray(from, to)).toString());
            if (pauses(taken.length)) exchange.pauseRequest();
          },
          takeEnd: () => exchange.answer({ status: 200, body: taken.join('') }),
          resume: () => {},
          cancel: () => {},
        });
      },
    };
    return { target, taken, resume: () => resume() };
  }
  const CHUNKS = `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n`;

  test('gets nothing more until it asks', (t) => {
    const { target, taken, resume } = holding((count) => count < 3);
    const play = new Playbook(t, { target }).downstreamSends(CHUNKS);
    assert.deepEqual([taken, play.clientIsPaused], [['a'], true]);
    resume();
    assert.deepEqual(taken, ['a', 'b']);
    resume();
    play.expectDownstream(/\r\n\r\nabc$/);
    assert.equal(play.clientIsPaused, false);
  });

  test('may ask again at once', (t) => {
    const target: AnswerTarget = {
      kind: 'answer',
      take: (exchange) =>
        exchange.produce({
          takeBody: () => {
            exchange.pauseRequest();
            exchange.resumeRequest();
          },
          takeEnd: () => exchange.answer({ status: 200 }),
          resume: () => {},
          cancel: () => {},
        }),
    };
    const play = new Playbook(t, { target }).downstreamSends(CHUNKS).expectDownstream(GOT_OK);
    assert.equal(play.clientIsPaused, false);
  });

  test('is not held against the client', (t) => {
    const { target, resume } = holding((count) => count === 1);
    const play = new Playbook(t, { target }).downstreamSends(CHUNKS).passes(100_000).expectNothingDownstream();
    resume();
    play.expectDownstream(/\r\n\r\nabc$/);
  });
});
