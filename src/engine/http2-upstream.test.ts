import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, origin, Playbook, type PlaybookOptions, route } from '../../test/support/playbook.ts';
import { PlaybookStream } from '../../test/support/playbook-stream.ts';
import type { Http2ClientConnection, Http2RequestHandler } from '../transport/http2-client.ts';
import { HTTP2_CODE } from '../codec/http2/frames.ts';
import type { FlatFields, Http2Body } from '../transport/http2-stream.ts';
import type { HttpExchange } from './exchange.ts';
import { Http2Upstream } from './http2-upstream.ts';
import type { Pool } from './pool.ts';

const ORIGIN = origin({ name: 'h2c://origin.test:80', protocol: 'http2' });
const UPLOAD = head('POST / HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked');
const GOT_OK = head('HTTP/1.1 200 OK', 'content-length: 2', 'Date: <date>');
const GOT_CHUNKED = head('HTTP/1.1 200 OK', 'Date: <date>', 'Transfer-Encoding: chunked');

/** Clients of HTTP/1.1 before an origin of HTTP/2 whose streams exist only in memory. */
class Rig implements Pool {
  readonly play: Playbook;
  readonly origin = ORIGIN;
  readonly connections = 0;
  readonly streams: PlaybookStream[] = [];
  readonly announced: Http2Body[] = [];
  /** Heads cannot be sent. */
  refusesHeads = false;

  constructor(t: TestContext, options: PlaybookOptions = {}) {
    const select = (exchange: unknown): Promise<never> => {
      this.send(exchange as HttpExchange);
      return new Promise(() => {});
    };
    const target = { kind: 'forward', select, ...options.target } as never;
    this.play = new Playbook(t, { routes: [route(target)], ...options });
  }

  get engine(): Playbook['engine'] {
    return this.play.engine;
  }

  get metrics(): Pool['metrics'] {
    return this.play.traffic.familiesOfUpstream(ORIGIN.name);
  }

  send(exchange: HttpExchange): void {
    exchange.requestWay.keep(1000);
    exchange.attemptBegins(this);
    new Http2Upstream(this, exchange).start(this as unknown as Http2ClientConnection);
  }

  sendAgain(exchange: HttpExchange): void {
    this.send(exchange);
  }

  close(): void {}

  /** As a connection does it. */
  request(fields: FlatFields, body: Http2Body, handler: Http2RequestHandler): PlaybookStream | null {
    if (this.refusesHeads) return null;
    const stream = new PlaybookStream(fields);
    stream.handler = handler;
    this.streams.push(stream);
    this.announced.push(body);
    return stream;
  }

  /** The client asks, and the origin gets it. */
  asks(request: string = GET): PlaybookStream {
    const { length } = this.streams;
    this.play.downstreamSends(request);
    return this.streams[length] ?? assert.fail('the origin has got nothing');
  }
}

/** The origin's head comes. */
function answers(stream: PlaybookStream, fields: FlatFields, ended = false): PlaybookStream {
  stream.requestHandler.onHead(fields, ended);
  return stream;
}

const OK: FlatFields = [':status', '200', 'content-length', '2'];

describe('a request to an origin of HTTP/2', () => {
  test('is a list of fields, and its answer an answer', (t) => {
    const rig = new Rig(t);
    const stream = rig.asks(head('GET /a HTTP/1.1', 'Host: a.test'));
    assert.deepEqual(stream.fields.slice(0, 8), [
      ':method',
      'GET',
      ':scheme',
      'http',
      ':authority',
      'a.test',
      ':path',
      '/a',
    ]);
    assert.deepEqual(rig.announced, ['none']);
    answers(stream, OK).sends('ok').ends().closes();
    rig.play.expectDownstream(`${GOT_OK}ok`).expectClientConnection('open');
    assert.equal(stream.resetCode, null);
    assert.equal(rig.play.metric('sluice_upstream_requests_total', { code: '2xx' }), 1);
  });

  test('announces what follows its head', (t) => {
    const rig = new Rig(t);
    const ended = (stream: PlaybookStream): void => {
      answers(stream, [':status', '204'], true).ends().closes();
      rig.play.takeDownstream();
    };
    ended(rig.asks(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 0')));
    ended(rig.asks(`${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 1')}a`));
    ended(rig.asks(`${UPLOAD}0\r\n\r\n`));
    assert.deepEqual(rig.announced, ['none', 'body', 'body-and-trailers']);
  });

  test('brings body and trailers', (t) => {
    const rig = new Rig(t);
    const stream = rig.asks(UPLOAD);
    rig.play.downstreamSends('3\r\none\r\n', '3\r\ntwo\r\n');
    assert.deepEqual([stream.body, stream.trailers], ['onetwo', undefined]);
    rig.play.downstreamSends('0\r\nX-Sum: 1\r\n\r\n');
    assert.deepEqual(stream.trailers, ['x-sum', '1']);
    answers(stream, OK).sends('ok').ends().closes();
    rig.play.expectDownstream(`${GOT_OK}ok`);
  });

  test('holds its client back while the origin takes nothing', (t) => {
    const rig = new Rig(t);
    const stream = rig.asks(UPLOAD);
    stream.congested = true;
    rig.play.downstreamSends('3\r\none\r\n');
    assert.equal(rig.play.clientIsPaused, true);
    stream.congested = false;
    stream.handler.onDrain();
    assert.equal(rig.play.clientIsPaused, false);
    rig.play.downstreamSends('0\r\n\r\n');
    answers(stream, OK).sends('ok').ends().closes();
    rig.play.expectDownstream(`${GOT_OK}ok`);
  });

  test('that HTTP/2 has no words for is answered with 502', (t) => {
    const rig = new Rig(t);
    rig.refusesHeads = true;
    rig.play.downstreamSends(GET).expectError(502, 'upstream_invalid');
  });

  test('is cancelled when its client goes away', (t) => {
    const rig = new Rig(t);
    const stream = rig.asks();
    rig.play.clientCloses();
    assert.equal(stream.resetCode, HTTP2_CODE.CANCEL);
    stream.closes(HTTP2_CODE.CANCEL);
    assert.equal(rig.play.metric('sluice_upstream_errors_total'), 0, 'that is no fault of the origin');
  });

  test('that nobody answers in time is given up', (t) => {
    const rig = new Rig(t, { timeouts: { responseMs: 5000 } });
    const stream = rig.asks();
    rig.play.passes(4000).expectNothingDownstream().passes(2000).expectError(504, 'upstream_timeout');
    assert.equal(stream.resetCode, HTTP2_CODE.CANCEL);
    stream.closes(HTTP2_CODE.CANCEL);
  });

  test('has no end of its time while the client still sends', (t) => {
    const rig = new Rig(t, { timeouts: { responseMs: 5000 } });
    const stream = rig.asks(UPLOAD);
    for (let part = 0; part < 3; part++) rig.play.passes(4000).downstreamSends('1\r\na\r\n');
    assert.equal(stream.resetCode, null);
    rig.play.downstreamSends('0\r\n\r\n').passes(6000).expectError(504, 'upstream_timeout');
    stream.closes(HTTP2_CODE.CANCEL);
  });
});

describe('an answer of an origin of HTTP/2', () => {
  test('that is only a head ends with it', (t) => {
    const rig = new Rig(t);
    answers(rig.asks(), [':status', '204'], true).ends().closes();
    rig.play.expectDownstream(head('HTTP/1.1 204 No Content', 'Date: <date>'));
  });

  test('to HEAD may say a length and bring nothing', (t) => {
    const rig = new Rig(t);
    const stream = rig.asks(head('HEAD / HTTP/1.1', 'Host: a.test'));
    answers(stream, OK, true).ends().closes();
    rig.play.expectDownstream(GOT_OK).expectClientConnection('open');
  });

  test('comes after the interim ones', (t) => {
    const rig = new Rig(t);
    const stream = rig.asks();
    stream.requestHandler.onInterim([':status', '103', 'link', '</a>']);
    rig.play.expectDownstream(/^HTTP\/1\.1 103 [^\r]*\r\nlink: <\/a>\r\n\r\n$/);
    answers(stream, OK).sends('ok').ends().closes();
    rig.play.expectDownstream(`${GOT_OK}ok`);
  });

  test('of unknown length brings its trailers', (t) => {
    const rig = new Rig(t);
    const stream = answers(rig.asks(), [':status', '200']).sends('ok').ends(['x-sum', '1']);
    stream.closes();
    rig.play.expectDownstream(`${GOT_CHUNKED}2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n`);
  });

  test('waits for a client that does not read, for as long as that may take', (t) => {
    const rig = new Rig(t, { timeouts: { readMs: 5000, writeMs: 60_000 } });
    const stream = answers(rig.asks(), [':status', '200']);
    rig.play.expectDownstream(GOT_CHUNKED).clientStopsReading();
    stream.sends('x'.repeat(200_000));
    assert.equal(stream.isPaused, true);
    rig.play.passes(10_000).clientReads();
    assert.equal(stream.isPaused, false);
    stream.ends().closes();
    rig.play.takeDownstream();
    rig.play.expectClientConnection('open');
  });

  test('before the end of its request is believed, and the rest not sent', (t) => {
    const rig = new Rig(t);
    const stream = answers(rig.asks(UPLOAD), OK).sends('ok').ends();
    assert.equal(stream.resetCode, HTTP2_CODE.NO_ERROR);
    stream.closes();
    rig.play.expectDownstream(/^HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/);
  });

  for (const [name, fields] of [
    ['has no status', ['content-length', '2']],
    ['has a status that is none', [':status', '20']],
    ['has a line break in a field', [':status', '200', 'x-own', 'a\r\nb: c']],
    ['has two lengths', [':status', '200', 'content-length', '1', 'content-length', '2']],
    ['has a field that is none', [':status', '200', 'x own', '1']],
  ] as const) {
    test(`that ${name} is 502`, (t) => {
      const rig = new Rig(t);
      const stream = answers(rig.asks(), fields);
      rig.play.expectError(502, 'upstream_invalid');
      assert.equal(stream.resetCode, HTTP2_CODE.CANCEL);
      stream.closes(HTTP2_CODE.CANCEL);
    });
  }

  test('that is cut is cut for the client', (t) => {
    const rig = new Rig(t);
    answers(rig.asks(), [':status', '200']).sends('some').closes(HTTP2_CODE.INTERNAL_ERROR);
    rig.play.expectDownstream(`${GOT_CHUNKED}4\r\nsome\r\n`).expectClientConnection('reset');
    assert.equal(rig.play.metric('sluice_upstream_errors_total', { reason: 'upstream_incomplete' }), 1);
  });

  test('that never begins is 502', (t) => {
    const rig = new Rig(t);
    rig.asks().closes(HTTP2_CODE.INTERNAL_ERROR);
    rig.play.expectError(502, 'upstream_reset');
  });
});

describe('a request that was refused before it began', () => {
  function refused(stream: PlaybookStream): PlaybookStream {
    stream.unprocessed = true;
    return stream.closes(HTTP2_CODE.REFUSED_STREAM);
  }

  test('goes out once more', (t) => {
    const rig = new Rig(t);
    refused(rig.asks());
    rig.play.expectNothingDownstream();
    const [, second] = rig.streams;
    answers(second!, OK).sends('ok').ends().closes();
    rig.play.expectDownstream(`${GOT_OK}ok`);
    assert.equal(rig.play.metric('sluice_upstream_retries_total'), 1);
  });

  test('goes out no third time', (t) => {
    const rig = new Rig(t);
    refused(rig.asks());
    refused(rig.streams[1]!);
    rig.play.expectError(502, 'upstream_reset');
    assert.equal(rig.streams.length, 2);
  });

  test('goes out no second time when part of its body is gone, or when it may not be repeated', (t) => {
    const rig = new Rig(t);
    const upload = rig.asks(head('PUT / HTTP/1.1', 'Host: a.test', 'Content-Length: 2'));
    rig.play.downstreamSends('a');
    refused(upload);
    rig.play.expectError(502, 'upstream_reset');
    rig.play.clientConnects();
    refused(rig.asks(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 0')));
    rig.play.expectError(502, 'upstream_reset');
  });
});

describe('an answer of HTTP/2 that another attempt may do better than', () => {
  const LIMITED: FlatFields = [':status', '429', 'content-length', '3'];
  const again = { kind: 'forward', maxAttempts: 2, retryStatuses: [429], resendsBodies: { bytes: 1000 } } as const;

  test('is let go, and the request sent again whole, also while the client is still sending', (t) => {
    const rig = new Rig(t, { target: again as never });
    const first = rig.asks(UPLOAD);
    rig.play.downstreamSends('3\r\none\r\n');
    answers(first, LIMITED);
    const second = rig.streams[1] ?? assert.fail('it was not sent again');
    assert.deepEqual([first.resetCode, second.body], [HTTP2_CODE.CANCEL, 'one']);
    rig.play.downstreamSends('3\r\ntwo\r\n0\r\nX-Sum: 1\r\n\r\n');
    assert.deepEqual([second.body, second.trailers], ['onetwo', ['x-sum', '1']]);
    answers(second, OK).sends('ok').ends().closes();
    rig.play.expectDownstream(`${GOT_OK}ok`);
  });

  for (const goesAgain of [true, false]) {
    test(`is held until its target has told that it is ${goesAgain ? '' : 'not '}let go`, async (t) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const rig = new Rig(t, { target: { ...again, mayDoBetter: () => promise } as never });
      const first = answers(rig.asks(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 0')), LIMITED);
      assert.equal(first.isPaused, true);
      rig.play.passes(600_000).expectNothingDownstream();
      resolve(goesAgain);
      await rig.play.promises();
      if (goesAgain) answers(rig.streams[1]!, OK).sends('ok').ends().closes();
      else first.sends('why').ends().closes();
      rig.play.expectDownstream(goesAgain ? `${GOT_OK}ok` : /^HTTP\/1\.1 429 [^]*why$/);
      assert.deepEqual([first.isPaused, first.resetCode], goesAgain ? [true, HTTP2_CODE.CANCEL] : [false, null]);
    });
  }

  test('cannot be passed on when its stream has ended meanwhile', async (t) => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const rig = new Rig(t, { target: { ...again, mayDoBetter: () => promise } as never });
    answers(rig.asks(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 0')), LIMITED).closes(HTTP2_CODE.CANCEL);
    resolve(false);
    await rig.play.promises();
    rig.play.expectError(502, 'upstream_incomplete');
  });
});
