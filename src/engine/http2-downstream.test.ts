import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { forwardTo, head, origin, Playbook, type PlaybookOptions } from '../../test/support/playbook.ts';
import { PlaybookStream } from '../../test/support/playbook-stream.ts';
import { HTTP2_CODE } from '../codec/http2/frames.ts';
import type { FieldList } from './http2-head.ts';
import { forwardedLines } from './forwarded-lines.ts';
import type { Http2Client } from './http2-client.ts';
import { Http2Downstream } from './http2-downstream.ts';

const GET: FieldList = [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', '/'];
const POST: FieldList = [':method', 'POST', ...GET.slice(2)];
const OK = head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Date: then') + 'ok';
const CHUNKED = head('HTTP/1.1 200 OK', 'Date: then', 'Transfer-Encoding: chunked');
const HEAD_OF_GET = /^GET \/ HTTP\/1\.1\r\nHost: a\.test\r\n/;

/** One client of a playbook that speaks HTTP/2, with streams that exist only in memory. */
class Rig {
  readonly play: Playbook;
  readonly free: Http2Downstream[] = [];
  private readonly client: Http2Client;

  constructor(t: TestContext, options: PlaybookOptions = {}) {
    this.play = new Playbook(t, options);
    const connection = { remoteAddress: '192.0.2.9', remotePort: 4000, secure: true, serverName: 'a.test' };
    this.client = {
      engine: this.play.engine,
      connection,
      ends: null,
      forwardedLines: forwardedLines(connection, `2.0 ${this.play.engine.pseudonym}`),
      finished: (downstream: Http2Downstream) => this.free.push(downstream),
    } as unknown as Http2Client;
  }

  /** Begins a request on a stream of its own. */
  asks(fields: FieldList = GET, hasBody = false): PlaybookStream {
    const stream = new PlaybookStream(fields, hasBody);
    (this.free.pop() ?? new Http2Downstream(this.client)).start(stream.ofServer);
    return stream;
  }

  /** A request that has reached its upstream. */
  forwards(fields: FieldList = GET, hasBody = false): PlaybookStream {
    const stream = this.asks(fields, hasBody);
    this.play.expectDial();
    return stream;
  }
}

/** One of our own answers to a failed request. */
function expectError(stream: PlaybookStream, status: number, code: string): void {
  assert.equal(stream.head?.[1], String(status));
  assert.equal((JSON.parse(stream.body) as { error: { code: string } }).error.code, code);
  assert.equal(stream.trailers, null, 'the answer is complete');
}

describe('a request on a stream of HTTP/2', () => {
  test('is an exchange like any other', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards([...GET, 'accept', '*/*']);
    rig.play.expectUpstream(
      /^GET \/ HTTP\/1\.1\r\nHost: a\.test\r\naccept: \*\/\*\r\nX-Forwarded-For: 192\.0\.2\.9\r\n/,
    );
    rig.play.upstreamSends(OK);
    assert.deepEqual(stream.head, [':status', '200', 'content-length', '2', 'date', 'then']);
    assert.deepEqual([stream.body, stream.trailers, stream.resetCode], ['ok', null, null]);
    stream.closes();
  });

  test('waits with its body until it is clear where that goes', (t) => {
    const rig = new Rig(t);
    const stream = rig.asks(POST, true);
    assert.equal(stream.isPaused, true);
    rig.play.expectDial();
    assert.equal(stream.isPaused, false);
    stream.sends('one').sends('two').ends();
    rig.play.expectUpstream(/\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/);
    rig.play.upstreamSends(OK);
    stream.closes();
  });

  test('shows its body to a policy that goes by it, before it is clear where that goes', async (t) => {
    const rig = new Rig(t, {
      policies: [{ name: 'reads', request: async (exchange) => void (await exchange.readBody(4)) }],
    });
    const stream = rig.asks(POST, true).sends('one');
    assert.equal(stream.isPaused, false);
    stream.sends('two').ends();
    assert.equal(stream.isPaused, true);
    (await rig.play.promises()).expectDial();
    rig.play.expectUpstream(/\r\n\r\n6\r\nonetwo\r\n0\r\n\r\n$/).upstreamSends(OK);
    stream.closes();
  });

  test('brings its trailers where its end was open, and loses them where its length was said', (t) => {
    const rig = new Rig(t);
    const open = rig.forwards(POST, true);
    open.sends('a').ends(['x-sum', '1']);
    rig.play.expectUpstream(/\r\n1\r\na\r\n0\r\nx-sum: 1\r\n\r\n$/).upstreamSends(OK);
    open.closes();
    const sized = rig.asks([...POST, 'content-length', '1'], true);
    sized.sends('a').ends(['x-sum', '1']);
    rig.play.expectUpstream(/\r\n\r\na$/).upstreamSends(OK);
    sized.closes();
  });

  test('is held back while the upstream does not take its body', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards([...POST, 'content-length', '300000'], true);
    rig.play.takeUpstream();
    rig.play.upstreamStopsReading();
    stream.sends('x'.repeat(200_000)).sends('x');
    assert.equal(stream.isPaused, true);
    rig.play.upstreamReads();
    assert.equal(stream.isPaused, false);
    rig.play.takeUpstream();
    stream.closes(HTTP2_CODE.CANCEL);
  });

  test('that cannot be read is answered, and nobody else hears of it', (t) => {
    const rig = new Rig(t);
    const unread = rig.asks([':method', 'GET', ':scheme', 'ftp', ':authority', 'a.test', ':path', '/']);
    expectError(unread, 400, 'request_invalid');
    const refused = rig.asks([...GET.slice(0, 6), ':path', '/a#b']);
    expectError(refused, 400, 'request_invalid');
    rig.play.expectNoDial();
    for (const stream of [unread, refused]) stream.closes();
  });

  test('of CONNECT is refused, and nothing is dialled', (t) => {
    const rig = new Rig(t);
    const stream = rig.asks([':method', 'CONNECT', ':authority', 'a.test:443']);
    assert.match(stream.head?.[1] ?? '', /^[45]\d\d$/);
    rig.play.expectNoDial();
    stream.closes();
  });

  test('has 413 for an answer when its body is larger than the limit, announced or not', (t) => {
    const rig = new Rig(t, { limits: { maxBodyBytes: 4 } });
    const announced = rig.asks([...POST, 'content-length', '5'], true);
    expectError(announced, 413, 'request_body_too_large');
    rig.play.expectNoDial();
    announced.closes();
    const open = rig.forwards(POST, true);
    open.sends('1234');
    assert.equal(open.head, null, 'the limit itself is allowed');
    open.sends('5');
    expectError(open, 413, 'request_body_too_large');
    assert.equal(open.resetCode, HTTP2_CODE.NO_ERROR, 'the client need not send the rest');
    rig.play.takeUpstream();
    rig.play.expectUpstreamConnection('destroyed');
    open.closes();
  });

  test('has 408 for an answer when its body stops coming', (t) => {
    const rig = new Rig(t, { timeouts: { readMs: 5000 } });
    const stream = rig.forwards(POST, true);
    rig.play.passes(4000);
    stream.sends('a');
    rig.play.passes(4000);
    assert.equal(stream.head, null, 'each part gives it time');
    rig.play.passes(2000);
    expectError(stream, 408, 'request_timeout');
    rig.play.takeUpstream();
    stream.closes();
  });

  test('is given up with its upstream when the client resets it', (t) => {
    const rig = new Rig(t);
    rig.forwards().closes(HTTP2_CODE.CANCEL);
    rig.play.expectUpstream(HEAD_OF_GET).expectUpstreamConnection('destroyed');
    assert.equal(rig.play.accessLines()[0]?.['error.type'], 'client_closed');
  });

  test('leaves what served it to the next one, with nothing of its own in it', (t) => {
    const rig = new Rig(t, { limits: { maxBodyBytes: 4 } });
    const first = rig.forwards(POST, true);
    first.sends('1234').ends();
    rig.play.takeUpstream();
    rig.play.upstreamSends(OK);
    first.closes();
    const [downstream] = rig.free;
    const second = rig.asks(POST, true);
    assert.equal(rig.free.length, 0);
    second.sends('1234').ends();
    rig.play.expectUpstream(/\r\n4\r\n1234\r\n0\r\n\r\n$/).upstreamSends(OK);
    assert.equal(second.body, 'ok');
    second.closes();
    assert.deepEqual(rig.free, [downstream]);
    const lines = rig.play.accessLines();
    assert.equal(new Set(lines.map((line) => line['request_id'])).size, 2);
  });
});

describe('an answer on a stream of HTTP/2', () => {
  for (const [name, request, answer, body] of [
    ['without a body says so at once', GET, head('HTTP/1.1 204 No Content'), 'none'],
    ['of length 0 says so at once', GET, head('HTTP/1.1 200 OK', 'Content-Length: 0'), 'none'],
    [
      'to HEAD says so at once',
      [':method', 'HEAD', ...GET.slice(2)],
      head('HTTP/1.1 200 OK', 'Content-Length: 9'),
      'none',
    ],
    ['of a known length promises no trailers', GET, OK, 'body'],
    ['of an unknown length may have trailers', GET, `${CHUNKED}2\r\nok\r\n0\r\n\r\n`, 'body-and-trailers'],
  ] as const) {
    test(name, (t) => {
      const rig = new Rig(t);
      const stream = rig.forwards(request);
      rig.play.takeUpstream();
      rig.play.upstreamSends(answer);
      assert.equal(stream.announced, body);
      assert.equal(stream.trailers, null);
      stream.closes();
    });
  }

  test('says when it was made, if the upstream does not', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards();
    rig.play.takeUpstream();
    rig.play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 0'));
    assert.deepEqual(stream.head?.slice(0, 5), [':status', '200', 'content-length', '0', 'date']);
    assert.match(stream.head?.[5] ?? '', /GMT$/);
    stream.closes();
  });

  test('comes in parts as they come, with its trailers at the end', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards();
    rig.play.takeUpstream();
    rig.play.upstreamSends(`${CHUNKED}3\r\none\r\n`);
    assert.deepEqual([stream.body, stream.trailers], ['one', undefined]);
    rig.play.upstreamSends('3\r\ntwo\r\n0\r\nX-Sum: 1\r\n\r\n');
    assert.deepEqual([stream.body, stream.trailers], ['onetwo', ['x-sum', '1']]);
    stream.closes();
  });

  test('comes after the interim ones, without what belongs to the connection', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards();
    rig.play.takeUpstream();
    rig.play.upstreamSends(head('HTTP/1.1 103 Early Hints', 'Link: </a>', 'Connection: X-Hop', 'X-Hop: 1'), OK);
    assert.deepEqual(stream.interim, [[':status', '103', 'link', '</a>']]);
    assert.equal(stream.head?.[1], '200');
    stream.closes();
  });

  test('holds its upstream back while the client does not read', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards();
    rig.play.takeUpstream();
    stream.congested = true;
    rig.play.upstreamSends(`${CHUNKED}3\r\none\r\n`);
    assert.equal(rig.play.upstreamIsPaused, true);
    stream.congested = false;
    stream.handler.onDrain();
    assert.equal(rig.play.upstreamIsPaused, false);
    rig.play.upstreamSends('0\r\n\r\n');
    stream.closes();
  });

  test('that is cut at the upstream is cut for the client', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards();
    rig.play.takeUpstream();
    rig.play.upstreamSends(`${CHUNKED}3\r\none\r\n`).upstreamCloses();
    assert.deepEqual([stream.trailers, stream.resetCode], [undefined, HTTP2_CODE.INTERNAL_ERROR]);
    stream.closes(HTTP2_CODE.INTERNAL_ERROR);
  });

  test('before the end of its request tells the client to stop', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards(POST, true);
    rig.play.takeUpstream();
    rig.play.upstreamSends(OK);
    assert.deepEqual([stream.body, stream.trailers, stream.resetCode], ['ok', null, HTTP2_CODE.NO_ERROR]);
    stream.closes();
  });

  test('that HTTP/2 has no words for ends its stream and no other', (t) => {
    const rig = new Rig(t);
    const stream = rig.forwards();
    stream.refusesHeads = true;
    rig.play.takeUpstream();
    rig.play.upstreamSends(head('HTTP/1.1 799 Odd', 'Content-Length: 0'));
    assert.equal(stream.resetCode, HTTP2_CODE.INTERNAL_ERROR);
    stream.closes(HTTP2_CODE.INTERNAL_ERROR);
    const next = rig.forwards();
    rig.play.takeUpstream();
    rig.play.upstreamSends(OK);
    assert.deepEqual([next.body, next.resetCode], ['ok', null]);
    next.closes();
  });
});

test('what an upstream is told of the client is what its connection is', (t) => {
  const rig = new Rig(t, { target: forwardTo(origin({ hostField: 'inner.test' })) });
  const stream = rig.forwards();
  const text = rig.play.takeUpstream();
  assert.match(
    text,
    /\r\nHost: inner\.test\r\nX-Forwarded-For: 192\.0\.2\.9\r\nX-Forwarded-Proto: https\r\nVia: 2\.0 <us>\r\nX-Forwarded-Host: a\.test\r\n/,
  );
  rig.play.upstreamSends(OK);
  stream.closes();
});
