import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { forwardTo, GET, head, origin, Playbook } from '../../test/support/playbook.ts';
import type { ProxyAuth } from '../contract/target.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');
const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');
const GOT_OK = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>');
const UPLOAD = head('PUT / HTTP/1.1', 'Host: a.test', 'Content-Length: 400000');
const UPLOADING = head('PUT / HTTP/1.1', 'Host: a.test', 'Content-Length: 400000', '<forwarding>');
const CHUNKED = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked');
const GOT_CHUNKED = head('HTTP/1.1 200 OK', 'Date: <date>', 'Transfer-Encoding: chunked');

function asked(play: Playbook, request: string = GET, seen: string = SEEN): Playbook {
  return play.downstreamSends(request).expectDial().expectUpstream(seen);
}

describe('an answer', () => {
  test('is passed on in whatever portions it comes', (t) => {
    const answer = `${head('HTTP/1.1 200 OK', 'Content-Length: 5')}hello`;
    asked(new Playbook(t))
      .upstreamSends(...answer.split(''))
      .expectDownstream(`${head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Date: <date>')}hello`);
  });

  test('leaves as soon as a part of it is known', (t) => {
    asked(new Playbook(t))
      .upstreamSends(CHUNKED)
      .expectDownstream(GOT_CHUNKED)
      .upstreamSends('3\r\none\r\n')
      .expectDownstream('3\r\none\r\n')
      .upstreamSends('3\r\nt')
      .expectDownstream('1\r\nt\r\n')
      .upstreamSends('wo\r\n0\r\n\r\n')
      .expectDownstream('2\r\nwo\r\n0\r\n\r\n');
  });

  test('of unknown length ends with the connection', (t) => {
    asked(new Playbook(t))
      .upstreamSends(`${head('HTTP/1.1 200 OK')}one`)
      .expectDownstream(`${GOT_CHUNKED}3\r\none\r\n`)
      .upstreamSends('two')
      .upstreamCloses()
      .expectDownstream('3\r\ntwo\r\n0\r\n\r\n')
      .expectUpstreamConnection('destroyed')
      .expectClientConnection('open');
  });

  test('of unknown length is cut when the connection is', (t) => {
    asked(new Playbook(t))
      .upstreamSends(`${head('HTTP/1.1 200 OK')}one`)
      .expectDownstream(`${GOT_CHUNKED}3\r\none\r\n`)
      .upstreamCloses('reset')
      .expectNothingDownstream()
      .expectClientConnection('reset');
  });

  test('may come before the request is complete: then neither connection is used again', (t) => {
    asked(new Playbook(t), UPLOAD, UPLOADING)
      .upstreamSends(head('HTTP/1.1 403 No', 'Content-Length: 0'))
      .expectDownstream(head('HTTP/1.1 403 No', 'Content-Length: 0', 'Date: <date>', 'Connection: close'))
      .expectUpstreamConnection('destroyed')
      .expectClientConnection('ended')
      .downstreamSends('the rest is read and dropped')
      .expectNothingDownstream();
  });

  test('that begins before the request is complete is passed on while the request goes on', (t) => {
    asked(new Playbook(t), UPLOAD, UPLOADING)
      .upstreamSends(CHUNKED)
      .expectDownstream(head('HTTP/1.1 200 OK', 'Date: <date>', 'Transfer-Encoding: chunked', 'Connection: close'))
      .downstreamSends('x'.repeat(400_000))
      .expectUpstream('x'.repeat(400_000))
      .upstreamSends('2\r\nhi\r\n0\r\n\r\n')
      .expectDownstream('2\r\nhi\r\n0\r\n\r\n')
      .expectUpstreamConnection('open')
      .expectClientConnection('ended');
  });
});

describe('an answer that is not HTTP', () => {
  const garbage = {
    'no status line': 'hello there\r\n\r\n',
    'a bad version': head('HTTP/2.0 200 OK'),
    'a bad status': head('HTTP/1.1 20 OK'),
    'a bad field': head('HTTP/1.1 200 OK', 'X Y: 1'),
    'a folded field': head('HTTP/1.1 200 OK', 'X: 1', ' 2'),
    'both length and coding': head('HTTP/1.1 200 OK', 'Content-Length: 3', 'Transfer-Encoding: chunked'),
    'two lengths': head('HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 4'),
    'a length that is no number': head('HTTP/1.1 200 OK', 'Content-Length: 3, 3'),
    'an unknown coding': head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked'),
    'a head that is too large': head('HTTP/1.1 200 OK', `X: ${'x'.repeat(20_000)}`),
    'too many interim answers': head('HTTP/1.1 103 Early Hints').repeat(17),
    'a switch of protocols that nobody asked for': head('HTTP/1.1 101 Switching', 'Upgrade: x', 'Connection: upgrade'),
  };
  for (const [what, answer] of Object.entries(garbage)) {
    test(`is refused, and its connection ends: ${what}`, (t) => {
      const play = asked(new Playbook(t)).upstreamSends(answer);
      const text = play.takeDownstream();
      assert.match(text, /HTTP\/1\.1 502 Bad Gateway\r\n[^]*error=upstream_invalid;/);
      play.expectUpstreamConnection('destroyed').expectClientConnection('open');
      play.downstreamSends(GET).expectDial().expectUpstream(SEEN);
    });
  }

  test('cuts the connection of the client when a part has been passed on', (t) => {
    asked(new Playbook(t))
      .upstreamSends(`${CHUNKED}2\r\nhi\r\n`)
      .expectDownstream(`${GOT_CHUNKED}2\r\nhi\r\n`)
      .upstreamSends('-1\r\n')
      .expectNothingDownstream()
      .expectClientConnection('reset')
      .expectUpstreamConnection('destroyed');
  });
});

describe('an upstream that closes', () => {
  test('in the middle of a head gives 502', (t) => {
    asked(new Playbook(t))
      .upstreamSends('HTTP/1.1 200 OK\r\nX')
      .upstreamCloses()
      .expectError(502, 'upstream_incomplete');
  });

  test('after an interim answer gives 502', (t) => {
    asked(new Playbook(t))
      .upstreamSends(head('HTTP/1.1 103 Early Hints'))
      .expectDownstream(head('HTTP/1.1 103 Early Hints'))
      .upstreamCloses()
      .expectError(502, 'upstream_incomplete');
  });

  test('in the middle of a body cuts the connection of the client', (t) => {
    for (const how of ['end', 'reset'] as const) {
      const play = asked(new Playbook(t)).upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 9')}half`);
      play.expectDownstream(/half$/).upstreamCloses(how).expectNothingDownstream().expectClientConnection('reset');
      assert.equal(play.accessLines()[0]?.['error.type'], 'upstream_incomplete');
      play.end();
    }
  });

  test('while the request is being sent gives 502 and lets go of the client', (t) => {
    asked(new Playbook(t), UPLOAD, UPLOADING)
      .upstreamCloses('reset')
      .expectError(502, 'upstream_reset')
      .expectClientConnection('ended');
  });

  test('after an early answer has let the client have it', (t) => {
    asked(new Playbook(t), UPLOAD, UPLOADING)
      .upstreamSends(`${head('HTTP/1.1 413 Too Large', 'Content-Length: 2')}no`)
      .upstreamCloses('reset')
      .expectDownstream(/^HTTP\/1\.1 413 Too Large\r\n[^]*no$/)
      .expectClientConnection('ended');
  });
});

describe('the deadlines of an upstream', () => {
  test('no answer in time gives 504, and the connection ends', (t) => {
    asked(new Playbook(t))
      .passes(29_000)
      .expectNothingDownstream()
      .passes(2000)
      .expectError(504, 'upstream_timeout')
      .expectUpstreamConnection('destroyed')
      .expectClientConnection('open');
  });

  test('an answer that stops in the middle is cut', (t) => {
    asked(new Playbook(t))
      .upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 9')}half`)
      .expectDownstream(/half$/)
      .passes(31_000)
      .expectClientConnection('reset')
      .expectUpstreamConnection('destroyed');
  });

  test('an answer may take as long as it likes while something comes', (t) => {
    const play = asked(new Playbook(t)).upstreamSends(CHUNKED).expectDownstream(GOT_CHUNKED);
    for (let part = 0; part < 5; part++) {
      play.passes(25_000).upstreamSends('1\r\nx\r\n').expectDownstream('1\r\nx\r\n');
    }
  });

  test('do not run while the request is still coming', (t) => {
    const play = asked(new Playbook(t), UPLOAD, UPLOADING);
    for (let part = 0; part < 4; part++) {
      play.passes(25_000).downstreamSends('x'.repeat(100_000)).expectUpstream('x'.repeat(100_000));
    }
    play.passes(29_000).upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('an upstream that takes no bytes is given up', (t) => {
    asked(new Playbook(t), UPLOAD, UPLOADING)
      .upstreamStopsReading()
      .downstreamSends('x'.repeat(1000), 'y'.repeat(1000), 'z'.repeat(1000))
      .expectUpstream(/^x+y+$/)
      .passes(21_000)
      .expectError(504, 'upstream_timeout')
      .expectUpstreamConnection('destroyed');
  });

  test('run on when the last bytes of a request left slowly', (t) => {
    asked(
      new Playbook(t),
      head('PUT / HTTP/1.1', 'Host: a.test', 'Content-Length: 3'),
      head('PUT / HTTP/1.1', 'Host: a.test', 'Content-Length: 3', '<forwarding>'),
    )
      .upstreamStopsReading()
      .downstreamSends('abc')
      .expectUpstream('abc')
      .upstreamReads()
      .passes(31_000)
      .expectError(504, 'upstream_timeout');
  });
});

describe('back-pressure', () => {
  test('holds the client back while the upstream takes nothing', (t) => {
    const play = asked(new Playbook(t), UPLOAD, UPLOADING).upstreamStopsReading();
    play.downstreamSends('a'.repeat(1000), 'b'.repeat(1000), 'c'.repeat(1000), 'd'.repeat(1000));
    assert.equal(play.clientIsPaused, true);
    play
      .expectUpstream(/^a+b+$/)
      .upstreamReads()
      .expectUpstream(/^c+d+$/);
    assert.equal(play.clientIsPaused, false);
  });

  test('holds the upstream back while the client takes nothing', (t) => {
    const play = asked(new Playbook(t)).upstreamSends(CHUNKED).expectDownstream(GOT_CHUNKED).clientStopsReading();
    play.upstreamSends('1\r\na\r\n', '1\r\nb\r\n', '1\r\nc\r\n0\r\n\r\n');
    assert.equal(play.upstreamIsPaused, true);
    play.expectDownstream('1\r\na\r\n').clientReads().expectDownstream('1\r\nb\r\n1\r\nc\r\n0\r\n\r\n');
    assert.equal(play.upstreamIsPaused, false);
  });

  test('a client that takes nothing for too long is cut, and its upstream let go', (t) => {
    const play = asked(new Playbook(t)).upstreamSends(CHUNKED).expectDownstream(GOT_CHUNKED).clientStopsReading();
    play.upstreamSends('1\r\na\r\n').expectDownstream('1\r\na\r\n').passes(21_000);
    play.expectClientConnection('reset').expectUpstreamConnection('destroyed');
    assert.equal(play.accessLines()[0]?.['error.type'], 'client_closed');
  });

  test('a client that reads again in time gets the whole answer, however long that takes', (t) => {
    const play = asked(new Playbook(t)).upstreamSends(CHUNKED).expectDownstream(GOT_CHUNKED);
    for (let part = 0; part < 4; part++) {
      play.clientStopsReading().upstreamSends('1\r\na\r\n').expectDownstream('1\r\na\r\n');
      play.passes(19_000).clientReads();
    }
    play.upstreamSends('0\r\n\r\n').expectDownstream('0\r\n\r\n').expectClientConnection('open');
  });

  test('a slow client does not keep the upstream from being used by others once it has answered', (t) => {
    const play = asked(new Playbook(t)).clientStopsReading();
    play.upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`).expectDownstream(/hi$/);
    play
      .clientConnects()
      .downstreamSends(GET)
      .expectNoDial()
      .expectUpstream(SEEN)
      .upstreamSends(OK)
      .expectDownstream(GOT_OK);
  });
});

describe('a client that goes away', () => {
  test('takes its upstream connection with it', (t) => {
    asked(new Playbook(t)).clientCloses().expectUpstreamConnection('destroyed');
  });

  test('in the middle of an answer does so too', (t) => {
    asked(new Playbook(t))
      .upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 9')}half`)
      .expectDownstream(/half$/)
      .clientCloses()
      .expectUpstreamConnection('destroyed');
  });

  test('in the middle of its request leaves the upstream with a request that is visibly cut', (t) => {
    asked(
      new Playbook(t),
      head('PUT / HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked'),
      head('PUT / HTTP/1.1', 'Host: a.test', '<forwarding>', 'Transfer-Encoding: chunked'),
    )
      .downstreamSends('3\r\nabc\r\n')
      .expectUpstream('3\r\nabc\r\n')
      .clientCloses()
      .expectNothingUpstream()
      .expectUpstreamConnection('destroyed');
  });
});

describe('a proxy as the upstream', () => {
  const proxy = origin({ name: 'proxy', isProxy: true });
  const WHOLE = head('GET http://a.test/x?y HTTP/1.1', 'Host: a.test');
  const REFUSED = `${head('HTTP/1.1 407 Who are you', 'Proxy-Authenticate: Basic realm="p"', 'Content-Length: 2')}no`;

  /** Shows nothing before it is asked. */
  class AskedAuth implements ProxyAuth {
    readonly asked: string[] = [];
    wasAccepted = false;
    private readonly value: string;

    constructor(value: string) {
      this.value = value;
    }

    authorize(method: string, target: string): string | null {
      return this.asked.length === 0 ? null : `${this.value} ${method} ${target}`;
    }

    challenge(values: readonly string[]): boolean {
      this.asked.push(...values);
      return this.asked.length === 1;
    }

    accepted(): void {
      this.wasAccepted = true;
    }
  }

  function playing(t: TestContext): Playbook {
    return new Playbook(t, { target: forwardTo(proxy), forwarding: 'none' });
  }

  test('is asked for the whole URL, and told nothing of the client', (t) => {
    const play = playing(t).downstreamSends(WHOLE).expectDial('proxy').expectUpstream(WHOLE);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('gets a path where the URL has none', (t) => {
    const play = playing(t).downstreamSends(head('GET http://a.test?y HTTP/1.1', 'Host: a.test'));
    play.expectDial('proxy').expectUpstream(head('GET http://a.test/?y HTTP/1.1', 'Host: a.test'));
    play.upstreamSends(OK).expectDownstream(GOT_OK);
    play.downstreamSends(head('OPTIONS http://a.test HTTP/1.1', 'Host: a.test'));
    play.expectUpstream(head('OPTIONS http://a.test HTTP/1.1', 'Host: a.test'));
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('that asks for credentials gets them on the same connection, and the client hears nothing of it', (t) => {
    const auth = new AskedAuth('Own');
    const play = playing(t)
      .downstreamSends(WHOLE)
      .expectDialBegins('proxy')
      .upstreamAccepts(auth)
      .expectUpstream(WHOLE);
    play.upstreamSends(REFUSED).expectNothingDownstream().expectNoDial();
    play.expectUpstream(
      head('GET http://a.test/x?y HTTP/1.1', 'Host: a.test', 'Proxy-Authorization: Own GET http://a.test/x?y'),
    );
    play.upstreamSends(OK).expectDownstream(GOT_OK);
    assert.deepEqual([auth.asked, auth.wasAccepted], [['Basic realm="p"'], true]);
  });

  test('that is not content with them is the answer, and never its own question', (t) => {
    const auth = new AskedAuth('Own');
    const play = playing(t)
      .downstreamSends(WHOLE)
      .expectDialBegins('proxy')
      .upstreamAccepts(auth)
      .expectUpstream(WHOLE);
    play.upstreamSends(REFUSED).expectUpstream(/Own/).upstreamSends(REFUSED).expectError(502, 'hop_auth_failed');
    assert.equal(auth.wasAccepted, false);
  });

  describe('that asks for them behind a body', () => {
    const post = (...fields: string[]): string => head('POST http://a.test/x HTTP/1.1', 'Host: a.test', ...fields);
    const CREDENTIALS = 'Proxy-Authorization: Own POST http://a.test/x';
    const CLOSING = head('HTTP/1.1 407 Who', 'Proxy-Authenticate: Own', 'Content-Length: 0', 'Connection: close');

    function posting(t: TestContext, text: string): Playbook {
      return playing(t).downstreamSends(text).expectDialBegins('proxy').upstreamAccepts(new AskedAuth('Own'));
    }

    test('gets the whole request again', (t) => {
      const play = posting(t, `${post('Content-Length: 2')}hi`);
      play
        .expectUpstream(`${post('Content-Length: 2')}hi`)
        .upstreamSends(REFUSED)
        .expectNothingDownstream();
      play.expectNoDial().expectUpstream(`${post('Content-Length: 2', CREDENTIALS)}hi`);
      play.upstreamSends(OK).expectDownstream(GOT_OK);
    });

    test('gets it again in chunks, the rest of which may come by then', (t) => {
      const chunked = 'Transfer-Encoding: chunked';
      const play = posting(t, `${post(chunked)}2\r\nhi\r\n`);
      play
        .expectUpstream(`${post(chunked)}2\r\nhi\r\n`)
        .upstreamSends(CLOSING)
        .expectNothingDownstream();
      play.downstreamSends('3\r\nyou\r\n0\r\n\r\n').expectDial('proxy');
      play.expectUpstream(`${post(chunked)}2\r\nhi\r\n3\r\nyou\r\n0\r\n\r\n`);
      play.upstreamSends(OK).expectDownstream(GOT_OK);
    });

    test('gets it on another connection when it closes this one', (t) => {
      const play = posting(t, `${post('Content-Length: 2')}hi`);
      play.expectUpstream(/hi$/).upstreamSends(CLOSING).expectDial('proxy');
      play
        .expectUpstream(`${post('Content-Length: 2')}hi`)
        .upstreamSends(OK)
        .expectDownstream(GOT_OK);
    });

    test('has not refused them when the body is too long to be kept, and the client may try again', (t) => {
      const play = posting(t, `${post('Content-Length: 70000')}${'x'.repeat(70_000)}`);
      play.expectUpstream(/x$/).upstreamSends(REFUSED).expectNoDial().expectError(503, 'upstream_unavailable');
    });
  });

  test('that asks for credentials which nobody has is an error of the hop', (t) => {
    const play = playing(t).downstreamSends(WHOLE).expectDial('proxy').expectUpstream(WHOLE);
    play.upstreamSends(REFUSED).expectError(502, 'hop_auth_failed');
  });

  test('that asks and closes is asked again on another connection', (t) => {
    const play = playing(t).downstreamSends(WHOLE).expectDialBegins('proxy').upstreamAccepts(new AskedAuth('Own'));
    play.expectUpstream(WHOLE).upstreamSends(head('HTTP/1.0 407 Who', 'Proxy-Authenticate: Own', 'Content-Length: 0'));
    play.expectDial('proxy').expectUpstream(WHOLE);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('a server that says 407 is passed on as it is', (t) => {
    asked(new Playbook(t))
      .upstreamSends(REFUSED)
      .expectDownstream(/^HTTP\/1\.1 407 Who are you\r\n/);
  });
});
