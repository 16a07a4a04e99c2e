import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook, type PlaybookOptions } from '../../test/support/playbook.ts';
import type { Answer } from '../contract/exchange.ts';
import type { AnswerTarget } from '../contract/target.ts';

const GET_11 = head('GET / HTTP/1.1', 'Host: a.test');
const GET_10 = head('GET / HTTP/1.0');
const DATE = 'Date: <date>';

/** What a client gets, and whether its connection stays open. */
function answered(t: TestContext, request: string, answer: string, closes = false): string {
  const play = new Playbook(t);
  play.downstreamSends(request).expectDial().expectUpstream(/^\w+ /);
  play.upstreamSends(answer);
  if (closes) play.upstreamCloses();
  const text = play.takeDownstream();
  play.expectClientConnection(text.includes('Connection: close\r\n') ? 'ended' : 'open').end();
  return text;
}

/** The same for an answer that is made here. */
function made(t: TestContext, request: string, answer: Answer, options: PlaybookOptions = {}): string {
  const target: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.answer(answer) };
  const play = new Playbook(t, { target, ...options });
  play.downstreamSends(request);
  const text = play.takeDownstream();
  play.end();
  return text;
}

describe('the framing that a client gets', () => {
  test('is the length, where the upstream announced one', (t) => {
    const ok = head('HTTP/1.1 200 OK', 'Content-Length: 2', DATE);
    assert.equal(answered(t, GET_11, `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`), `${ok}hi`);
  });

  test('is chunks of our own, where the upstream sent chunks', (t) => {
    assert.equal(
      answered(t, GET_11, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}0002;x=y\r\nhi\r\n00\r\n\r\n`),
      `${head('HTTP/1.1 200 OK', DATE, 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`,
    );
  });

  test('is chunks, where the upstream ends its answer by closing', (t) => {
    assert.equal(
      answered(t, GET_11, `${head('HTTP/1.1 200 OK')}hi`, true),
      `${head('HTTP/1.1 200 OK', DATE, 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`,
    );
  });

  test('is the end of the connection for a 1.0 client that cannot know the length', (t) => {
    assert.equal(
      answered(t, GET_10, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\nX: 1\r\n\r\n`),
      `${head('HTTP/1.1 200 OK', DATE, 'Connection: close')}hi`,
    );
    assert.equal(
      answered(t, GET_10, `${head('HTTP/1.1 200 OK')}hi`, true),
      `${head('HTTP/1.1 200 OK', DATE, 'Connection: close')}hi`,
    );
  });

  test('closes the connection of a 1.0 client, whatever it asked for', (t) => {
    assert.equal(
      answered(
        t,
        head('GET / HTTP/1.0', 'Connection: keep-alive'),
        `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`,
      ),
      `${head('HTTP/1.1 200 OK', 'Content-Length: 2', DATE, 'Connection: close')}hi`,
    );
  });

  test('carries trailers', (t) => {
    assert.equal(
      answered(
        t,
        GET_11,
        `${head('HTTP/1.1 200 OK', 'Trailer: X-Sum', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a\r\n\r\n`,
      ),
      `${head('HTTP/1.1 200 OK', 'Trailer: X-Sum', DATE, 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n`,
    );
  });

  test('keeps the length of an answer to HEAD and of a 304, and sends no body', (t) => {
    assert.equal(
      answered(t, head('HEAD / HTTP/1.1', 'Host: a.test'), head('HTTP/1.1 200 OK', 'Content-Length: 9')),
      head('HTTP/1.1 200 OK', 'Content-Length: 9', DATE),
    );
    assert.equal(
      answered(t, head('HEAD / HTTP/1.1', 'Host: a.test'), head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')),
      head('HTTP/1.1 200 OK', DATE),
    );
    assert.equal(
      answered(t, GET_11, head('HTTP/1.1 304 Not Modified', 'Content-Length: 9', 'ETag: "x"')),
      head('HTTP/1.1 304 Not Modified', 'Content-Length: 9', 'ETag: "x"', DATE),
    );
  });

  test('takes the length away from a 204', (t) => {
    assert.equal(
      answered(t, GET_11, head('HTTP/1.1 204 No Content', 'Content-Length: 0')),
      head('HTTP/1.1 204 No Content', DATE),
    );
  });

  test('keeps an empty body', (t) => {
    assert.equal(
      answered(t, GET_11, head('HTTP/1.1 200 OK', 'Content-Length: 0')),
      head('HTTP/1.1 200 OK', 'Content-Length: 0', DATE),
    );
    assert.equal(
      answered(t, GET_11, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}0\r\n\r\n`),
      `${head('HTTP/1.1 200 OK', DATE, 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    );
  });
});

describe('the head that a client gets', () => {
  test('has the status and the reason of the upstream, in our version', (t) => {
    const line = (status: string): string => answered(t, GET_11, head(status, 'Content-Length: 0')).split('\r\n')[0]!;
    assert.equal(line('HTTP/1.1 200 All is well'), 'HTTP/1.1 200 All is well');
    assert.equal(line('HTTP/1.1 404 '), 'HTTP/1.1 404 Not Found');
    assert.equal(line('HTTP/1.0 299 Odd'), 'HTTP/1.1 299 Odd');
    assert.equal(line('HTTP/1.1 599'), 'HTTP/1.1 599 ');
    assert.equal(line('HTTP/1.1 999 Beyond'), 'HTTP/1.1 999 Beyond');
  });

  test('has the fields as they came, without those of the connection', (t) => {
    assert.equal(
      answered(
        t,
        GET_11,
        head(
          'HTTP/1.1 200 OK',
          'Set-Cookie: a=1',
          'SET-COOKIE: b=2',
          'Connection: keep-alive, x-private',
          'Keep-Alive: timeout=5',
          'X-Private: 1',
          'Proxy-Connection: x',
          'Upgrade: h2c',
          'Content-Length: 0',
          'X-Odd: caf\xe9',
        ),
      ),
      head('HTTP/1.1 200 OK', 'Set-Cookie: a=1', 'SET-COOKIE: b=2', 'Content-Length: 0', 'X-Odd: caf\xe9', DATE),
    );
  });

  test('keeps the date of the upstream', (t) => {
    const old = 'date: Sun, 06 Nov 1994 08:49:37 GMT';
    const text = answered(t, GET_11, head('HTTP/1.1 200 OK', old, 'Content-Length: 0'));
    assert.deepEqual(text.match(/^date:.*$/gim), [old]);
  });

  test('says that the connection ends when the client wants that', (t) => {
    assert.equal(
      answered(
        t,
        head('GET / HTTP/1.1', 'Host: a.test', 'Connection: close'),
        head('HTTP/1.1 200 OK', 'Content-Length: 0'),
      ),
      head('HTTP/1.1 200 OK', 'Content-Length: 0', DATE, 'Connection: close'),
    );
  });

  test('an end of the upstream connection is no end of this one', (t) => {
    assert.equal(
      answered(t, GET_11, head('HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 0')),
      head('HTTP/1.1 200 OK', 'Content-Length: 0', DATE),
    );
  });
});

describe('an answer that is made here', () => {
  test('has its fields, its length and a date', (t) => {
    assert.equal(
      made(t, GET_11, { status: 418, fields: [['X-One', '1']], body: 'tea' }),
      `${head('HTTP/1.1 418 ', 'Content-Length: 3', 'X-One: 1', DATE)}tea`,
    );
  });

  test('keeps a date of its own', (t) => {
    const own = 'Sun, 06 Nov 1994 08:49:37 GMT';
    const text = made(t, GET_11, { status: 200, fields: [['Date', own]] });
    assert.deepEqual(text.match(/^date:.*$/gim)?.length, 1);
  });

  test('does not frame itself: that is ours to say', (t) => {
    const fields = [
      ['content-length', '99'],
      ['Transfer-Encoding', 'chunked'],
      ['Connection', 'keep-alive'],
      ['Keep-Alive', 'timeout=9'],
    ] as const;
    assert.equal(
      made(t, GET_11, { status: 200, fields, body: 'hi' }),
      `${head('HTTP/1.1 200 OK', 'Content-Length: 2', DATE)}hi`,
    );
  });

  test('has no body for HEAD, 204 and 304', (t) => {
    const answer = { status: 200, body: 'hi' };
    assert.equal(
      made(t, head('HEAD / HTTP/1.1', 'Host: a.test'), answer),
      head('HTTP/1.1 200 OK', 'Content-Length: 2', DATE),
    );
    assert.equal(made(t, GET_11, { ...answer, status: 204 }), head('HTTP/1.1 204 No Content', DATE));
    assert.equal(
      made(t, GET_11, { ...answer, status: 304 }),
      head('HTTP/1.1 304 Not Modified', 'Content-Length: 2', DATE),
    );
  });

  test('may be bytes', (t) => {
    assert.equal(
      made(t, GET_11, { status: 200, body: Uint8Array.of(0xff, 0, 10) }),
      `${head('HTTP/1.1 200 OK', 'Content-Length: 3', DATE)}\xff\0\n`,
    );
  });
});

describe('an interim answer', () => {
  test('is passed on to a client that speaks 1.1', (t) => {
    new Playbook(t)
      .downstreamSends(GET_11)
      .expectDial()
      .expectUpstream(/^GET /)
      .upstreamSends(head('HTTP/1.1 103 Early Hints', 'Link: </a.css>', 'Connection: x', 'Content-Length: 0'))
      .expectDownstream(head('HTTP/1.1 103 Early Hints', 'Link: </a.css>'))
      .upstreamSends(head('HTTP/1.1 102 Still there') + head('HTTP/1.1 200 OK', 'Content-Length: 0'))
      .expectDownstream(head('HTTP/1.1 102 Still there') + head('HTTP/1.1 200 OK', 'Content-Length: 0', DATE));
  });

  test('is kept from a client that speaks 1.0', (t) => {
    new Playbook(t)
      .downstreamSends(GET_10)
      .expectDial()
      .expectUpstream(/^GET /)
      .upstreamSends(head('HTTP/1.1 103 Early Hints', 'Link: </a.css>'))
      .expectNothingDownstream()
      .upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0'))
      .expectDownstream(head('HTTP/1.1 200 OK', 'Content-Length: 0', DATE, 'Connection: close'));
  });
});
