import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, origin, Playbook } from '../../test/support/playbook.ts';
import type { ForwardTarget, Origin } from '../contract/target.ts';
import { SluiceError } from '../core/errors.ts';

const ONE = origin({ name: 'one' });
const TWO = origin({ name: 'two' });
const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');
const GOT_OK = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>');
const POST = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;

/** Goes to one, then to two. */
function both(changes: Partial<ForwardTarget> = {}): ForwardTarget {
  return {
    kind: 'forward',
    maxAttempts: 2,
    select: (_exchange, tried) => (tried.includes(ONE) ? TWO : ONE),
    ...changes,
  };
}

describe('an origin that cannot be reached', () => {
  test('is replaced by another one, and the client notices nothing', (t) => {
    const play = new Playbook(t, { target: both() }).downstreamSends(GET).expectDialBegins('one').upstreamRefuses();
    play.expectDial('two').expectUpstream(/^GET \/ /);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
    assert.equal(play.metric('sluice_upstream_retries_total'), 1);
  });

  test('is replaced for any method, since nothing has been sent', (t) => {
    const play = new Playbook(t, { target: both() }).downstreamSends(POST).expectDialBegins('one').upstreamRefuses();
    play.expectDial('two').expectUpstream(/hello$/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('is the answer when the attempts are used up', (t) => {
    const play = new Playbook(t, { target: both() }).downstreamSends(GET).expectDialBegins('one').upstreamRefuses();
    play.expectDialBegins('two').upstreamRefuses('upstream_connect_timeout');
    play.expectNoDial().expectError(504, 'upstream_connect_timeout');
  });

  test('is the answer where one attempt is all there is', (t) => {
    const target: ForwardTarget = { kind: 'forward', select: () => ONE };
    const play = new Playbook(t, { target }).downstreamSends(GET).expectDialBegins('one').upstreamRefuses();
    play.expectNoDial().expectError(502, 'upstream_unreachable');
  });

  test('leaves the choice of the next one to the target, which may have none', (t) => {
    const target = both({
      select: (_exchange, tried) => {
        if (tried.length > 0) throw new SluiceError('hops_exhausted');
        return ONE;
      },
    });
    const play = new Playbook(t, { target }).downstreamSends(GET).expectDialBegins('one').upstreamRefuses();
    play.expectNoDial().expectError(503, 'hops_exhausted');
  });

  test('is replaced also when the target has to think', async (t) => {
    const target = both({ select: (_exchange, tried) => Promise.resolve<Origin>(tried.length > 0 ? TWO : ONE) });
    const play = await new Playbook(t, { target }).downstreamSends(GET).promises();
    await play.expectDialBegins('one').upstreamRefuses().promises();
    play.expectDial('two').expectUpstream(/^GET \/ /);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });
});

describe('an origin that dies under a request', () => {
  test('is replaced when the request means the same twice', (t) => {
    const play = new Playbook(t, { target: both() }).downstreamSends(GET).expectDial('one').expectUpstream(/^GET/);
    play.upstreamCloses('reset').expectDial('two').expectUpstream(/^GET/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('is not when it may have carried the request out', (t) => {
    const play = new Playbook(t, { target: both() })
      .downstreamSends(POST)
      .expectDial('one')
      .expectUpstream(/hello$/);
    play.upstreamCloses('reset').expectNoDial().expectError(502, 'upstream_reset');
  });

  test('is not once its answer has begun', (t) => {
    const play = new Playbook(t, { target: both() }).downstreamSends(GET).expectDial('one').expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 5'), 'he').expectDownstream(/he$/);
    play.upstreamCloses('reset').expectNoDial().expectClientConnection('reset');
  });
});

describe('an answer that says "not now"', () => {
  const busy = head('HTTP/1.1 503 Service Unavailable', 'Content-Length: 0');

  test('is not passed on while another origin may do better', (t) => {
    const target = both({ retryStatuses: [503] });
    const play = new Playbook(t, { target }).downstreamSends(GET).expectDial('one').expectUpstream(/^GET/);
    play.upstreamSends(busy).expectNothingDownstream().expectDial('two').expectUpstream(/^GET/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('is passed on when it comes from the last one, for what may not be repeated, and where nobody asked for more', (t) => {
    const play = new Playbook(t, { target: both({ retryStatuses: [503] }) });
    play.downstreamSends(GET).expectDial('one').expectUpstream(/^GET/).upstreamSends(busy);
    play
      .expectDial('two')
      .expectUpstream(/^GET/)
      .upstreamSends(busy)
      .expectDownstream(/^HTTP\/1\.1 503 /);
    play
      .downstreamSends(POST)
      .expectDial('one')
      .expectUpstream(/hello$/)
      .upstreamSends(busy);
    play.expectDownstream(/^HTTP\/1\.1 503 /).end();
    const plain = new Playbook(t, { target: both() }).downstreamSends(GET).expectDial('one').expectUpstream(/^GET/);
    plain.upstreamSends(busy).expectDownstream(/^HTTP\/1\.1 503 /);
  });
});

describe('an answer that shows that nothing was done', () => {
  const again: Partial<ForwardTarget> = { retryStatuses: [429], resendsBodies: { bytes: 100_000 } };
  const limited = `${head('HTTP/1.1 429 Too Many Requests', 'Content-Length: 3')}why`;
  const upload = (...fields: readonly string[]): string => head('POST / HTTP/1.1', 'Host: a.test', ...fields);

  test('has any request sent again, with its body', (t) => {
    const play = new Playbook(t, { target: both(again) }).downstreamSends(POST).expectDial('one');
    play
      .expectUpstream(/^POST [^]*hello$/)
      .upstreamSends(limited)
      .expectNothingDownstream();
    play.expectDial('two').expectUpstream(/^POST [^]*\r\nContent-Length: 5\r\n[^]*\r\n\r\nhello$/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
    assert.equal(play.metric('sluice_upstream_retries_total'), 1);
    play.end();
    const empty = new Playbook(t, { target: both(again) })
      .downstreamSends(upload('Content-Length: 0'))
      .expectDial('one');
    empty
      .expectUpstream(/^POST /)
      .upstreamSends(limited)
      .expectDial('two')
      .expectUpstream(/^POST /);
    empty.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('may come while the client is still sending', (t) => {
    const play = new Playbook(t, { target: both(again) });
    play.downstreamSends(upload('Content-Length: 9'), 'one').expectDial('one').expectUpstream(/one$/);
    play.downstreamSends('two').expectUpstream('two').upstreamSends(limited).expectUpstreamConnection('destroyed');
    play
      .downstreamSends('six')
      .expectDial('two')
      .expectUpstream(/\r\n\r\nonetwosix$/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('may come while the client is still sending chunks, with trailers behind them', (t) => {
    const play = new Playbook(t, { target: both(again) });
    play.downstreamSends(upload('Transfer-Encoding: chunked'), '3\r\none\r\n').expectDial('one').takeUpstream();
    play
      .upstreamSends(limited)
      .expectDial('two')
      .expectUpstream(/\r\n\r\n3\r\none\r\n$/);
    play.downstreamSends('3\r\ntwo\r\n0\r\nX-Sum: 1\r\n\r\n').expectUpstream('3\r\ntwo\r\n0\r\nX-Sum: 1\r\n\r\n');
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('sends large bodies again octet by octet, as fast as they are taken', (t) => {
    const body = Buffer.from(Array.from({ length: 90_000 }, (_each, index) => index % 251));
    const play = new Playbook(t, { target: both(again) });
    play.downstreamSends(upload('Content-Length: 90000'), body.subarray(0, 70_000)).expectDial('one');
    play.downstreamSends(body.subarray(70_000));
    const first = play.takeUpstream();
    play.upstreamSends(limited).expectDialBegins('two').upstreamAccepts();
    const second = play.takeUpstream();
    assert.equal(second.slice(second.indexOf('\r\n\r\n')), first.slice(first.indexOf('\r\n\r\n')));
    assert.equal(second.length - second.indexOf('\r\n\r\n') - 4, 90_000);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('is passed on when the body is too long to be kept', (t) => {
    for (const request of [POST, `${upload('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`]) {
      const play = new Playbook(t, { target: both({ ...again, resendsBodies: { bytes: 4 } }) });
      play.downstreamSends(request).expectDial('one').takeUpstream();
      play
        .upstreamSends(limited)
        .expectNoDial()
        .expectDownstream(/^HTTP\/1\.1 429 [^]*why$/)
        .end();
    }
  });

  test('is none once something of an answer is with the client, and neither is a connection that breaks', (t) => {
    const play = new Playbook(t, { target: both(again) });
    play.downstreamSends(POST).expectDial('one').takeUpstream();
    play.upstreamCloses('reset').expectNoDial().expectError(502, 'upstream_reset');
    play.downstreamSends(POST).expectDial('one').takeUpstream();
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 9'), 'one').expectDownstream(/one$/);
    play.upstreamCloses('reset').expectNoDial().expectNothingDownstream().expectClientConnection('reset');
  });

  test('is followed by one that cannot be reached: the next one is asked', (t) => {
    const target = both({ ...again, maxAttempts: 3 });
    const play = new Playbook(t, { target })
      .downstreamSends(POST)
      .expectDial('one')
      .expectUpstream(/hello$/);
    play
      .upstreamSends(limited)
      .expectDialBegins('two')
      .upstreamRefuses()
      .expectDial('two')
      .expectUpstream(/hello$/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });
});

describe('a target that has nobody else', () => {
  test('gets its answer passed on, whatever it says', (t) => {
    const asked: string[][] = [];
    const mayDoBetter = (_exchange: unknown, tried: readonly Origin[]): boolean => {
      asked.push(tried.map(({ name }) => name));
      return tried.length < 2;
    };
    const target = both({ maxAttempts: 5, retryStatuses: [503], mayDoBetter });
    const play = new Playbook(t, { target }).downstreamSends(GET).expectDial('one').expectUpstream(/^GET/);
    const busy = `${head('HTTP/1.1 503 Service Unavailable', 'Content-Length: 3')}why`;
    play.upstreamSends(busy).expectDial('two').expectUpstream(/^GET/);
    play.upstreamSends(busy).expectDownstream(/^HTTP\/1\.1 503 [^]*why$/);
    assert.deepEqual(asked, [['one'], ['one', 'two']]);
  });

  test('leaves the last failure as the answer', (t) => {
    const target = both({ maxAttempts: 5, select: (_exchange, tried) => (tried.length > 0 ? null : ONE) });
    const play = new Playbook(t, { target }).downstreamSends(GET).expectDialBegins('one');
    play.upstreamRefuses('upstream_connect_timeout').expectNoDial().expectError(504, 'upstream_connect_timeout');
    assert.equal(play.metric('sluice_upstream_retries_total'), 0);
  });

  test('from the beginning is at fault', (t) => {
    const play = new Playbook(t, { target: both({ select: () => null }), onFault: () => {} }).downstreamSends(GET);
    play.expectNoDial().expectError(500, 'internal');
  });
});
