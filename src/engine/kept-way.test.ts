import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import { readyHead } from '../codec/http1/ready-head.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { KeptSink, KeptSource, ReadyAnswer } from '../contract/kept-answer.ts';
import type { Policy } from '../contract/policy.ts';

const DATE = 'Tue, 01 Jan 2030 00:00:00 GMT';
const PASSING = 'Age: 7\r\n';
const HAS_PASSED = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');

function ready(text: string, status = 200): ReadyAnswer {
  const fields = [
    ['Date', DATE],
    ['ETag', '"a"'],
  ] as const;
  const lines = readyHead(status, fields, text.length);
  const bytes = Buffer.concat([lines, Buffer.from(text)]);
  return {
    status,
    head: bytes,
    headFrom: 0,
    headTo: lines.length,
    body: bytes,
    bodyFrom: lines.length,
    bodyTo: bytes.length,
  };
}

function got(text: string, ...lines: readonly string[]): string {
  const fields = ['Date: <date>', 'ETag: "a"', `Content-Length: ${text.length}`, 'Age: 7'];
  return head('HTTP/1.1 200 OK', ...fields, ...lines) + text;
}

const giving: Policy = {
  name: 'cache',
  keepsAnswers: true,
  request: (exchange) => exchange.giveReady(ready('hello'), PASSING),
  response: () => assert.fail('what was kept does not pass whoever keeps it'),
};

/** Puts it in place of any answer. */
function replacing(give: (exchange: Exchange) => void): Policy {
  return { name: 'cache', keepsAnswers: true, response: give };
}

class Source implements KeptSource {
  readonly steps: string[] = [];
  sink: KeptSink | null = null;

  begin(sink: KeptSink): void {
    this.steps.push('begin');
    this.sink = sink;
  }

  resume(): void {
    this.steps.push('resume');
  }

  cancel(): void {
    this.steps.push('cancel');
  }

  write(text: string): boolean {
    return this.sink!.write(Buffer.from(text), 0, text.length);
  }
}

describe('an answer that was kept', () => {
  test('is given at once, as it lies ready, and nobody is dialled', (t) => {
    const play = new Playbook(t, { policies: [giving] }).downstreamSends(GET + GET).expectNoDial();
    play.expectDownstream(got('hello') + got('hello')).expectClientConnection('open');
    assert.equal(play.metric('sluice_http_requests_total', { code: '2xx' }), 2);
  });

  test('has no body where none was asked for, and says when the connection closes', (t) => {
    new Playbook(t, { policies: [giving] })
      .downstreamSends(head('HEAD / HTTP/1.1', 'Host: a.test', 'Connection: close'))
      .expectDownstream(got('hello', 'Connection: close').slice(0, -5))
      .expectClientConnection('ended');
  });

  test('is seen and changed by the policies before the one that keeps it, and by no others', (t) => {
    const before: Policy = {
      name: 'before',
      response: ({ response }) => {
        assert.equal(response.isOurs, false);
        assert.equal(response.fields.get('age'), '7');
        response.fields.set('etag', '"b"');
        response.status = 203;
      },
    };
    const behind: Policy = { name: 'behind', response: () => assert.fail('it has seen it already') };
    new Playbook(t, { policies: [before, giving, behind] })
      .downstreamSends(GET)
      .expectDownstream(
        `${head('HTTP/1.1 203 Non-Authoritative Information', 'Date: <date>', 'Content-Length: 5', 'Age: 7', 'etag: "b"')}hello`,
      );
  });

  test('passes through the transforms of the policies before it', (t) => {
    const before: Policy = {
      name: 'before',
      responseBody: (_exchange, sink) => ({
        write: (bytes, from, to) => {
          const text = Buffer.from(bytes.subarray(from, to)).toString().toUpperCase();
          sink.write(Buffer.from(text), 0, text.length);
        },
        end: () => sink.end(),
        abort: () => {},
      }),
    };
    new Playbook(t, { policies: [before, giving] })
      .downstreamSends(GET)
      .expectDownstream(/\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHELLO\r\n0\r\n\r\n$/);
  });

  test('that is large waits for a client that is slow', (t) => {
    const text = 'x'.repeat(200_000);
    const large: Policy = { ...giving, request: (exchange) => exchange.giveReady(ready(text), PASSING) };
    const play = new Playbook(t, { policies: [large] }).clientConnects().clientStopsReading().downstreamSends(GET);
    const first = play.takeDownstream();
    assert.ok(first.length < 140_000, `${first.length} bytes were sent to a client that reads nothing`);
    play.clientReads();
    assert.equal(first + play.takeDownstream(), got(text));
  });

  test('can be made for one client', (t) => {
    const part: Policy = {
      ...giving,
      request: (exchange) => exchange.give({ status: 206, fields: [['Content-Range', 'bytes 0-1/5']], body: 'he' }),
    };
    new Playbook(t, { policies: [part] })
      .downstreamSends(GET)
      .expectDownstream(
        `${head('HTTP/1.1 206 Partial Content', 'Content-Length: 2', 'Content-Range: bytes 0-1/5', 'Date: <date>')}he`,
      );
  });

  test('can be given piece by piece, with trailers, as fast as the client takes it', async (t) => {
    const source = new Source();
    const policy: Policy = { ...giving, request: (exchange) => exchange.giveFrom({ status: 200 }, -1, source) };
    const play = new Playbook(t, { policies: [policy] }).downstreamSends(GET);
    assert.equal(source.write('one'), true);
    const begin = head('HTTP/1.1 200 OK', 'Date: <date>', 'Transfer-Encoding: chunked');
    (await play.promises()).expectDownstream(`${begin}3\r\none\r\n`).clientStopsReading();
    assert.equal(source.write('two'), true);
    await play.promises();
    assert.equal(source.write('three'), false);
    play.clientReads();
    source.sink!.end([['X-Sum', '1']]);
    (await play.promises()).expectClientConnection('open');
    play.expectDownstream('3\r\ntwo\r\n5\r\nthree\r\n0\r\nX-Sum: 1\r\n\r\n');
    assert.deepEqual(source.steps, ['begin', 'resume']);
  });

  test('that cannot be completed is cut, and its source hears of a client that leaves', (t) => {
    const source = new Source();
    const policy: Policy = { ...giving, request: (exchange) => exchange.giveFrom({ status: 200 }, 5, source) };
    const play = new Playbook(t, { policies: [policy] }).downstreamSends(GET);
    source.write('he');
    source.sink!.cut();
    play.expectDownstream(/he$/).expectClientConnection('reset');
    play
      .clientConnects()
      .downstreamSends(GET)
      .expectDownstream(/\r\n\r\n$/)
      .clientCloses();
    assert.deepEqual(source.steps, ['begin', 'begin', 'cancel']);
  });
});

describe('an answer that was kept takes the place', () => {
  test('of one that says that nothing has changed, and the connection stays of use', (t) => {
    const policy: Policy = {
      ...replacing((exchange) => exchange.giveReady(ready('hello'), PASSING)),
      request: ({ request }) => request.fields.set('if-none-match', '"a"'),
    };
    const play = new Playbook(t, { policies: [policy] });
    for (let round = 0; round < 2; round++) {
      play.downstreamSends(GET);
      if (round === 0) play.expectDial();
      play.expectUpstream(/\r\nif-none-match: "a"\r\n/).upstreamSends(head('HTTP/1.1 304 Not Modified', 'ETag: "a"'));
      play.expectDownstream(got('hello')).expectUpstreamConnection('open');
    }
    assert.equal(play.metric('sluice_upstream_requests_total', { code: '3xx' }), 2);
  });

  test('of an error of the server, of which nothing more is read', (t) => {
    const play = new Playbook(t, {
      policies: [replacing((exchange) => exchange.giveReady(ready('hello'), PASSING))],
    });
    play.downstreamSends(GET).expectDial().expectUpstream(HAS_PASSED);
    play.upstreamSends(`${head('HTTP/1.1 503 Service Unavailable', 'Content-Length: 100')}sorry`);
    play.expectDownstream(got('hello')).expectUpstreamConnection('destroyed').expectClientConnection('open');
    assert.equal(play.metric('sluice_upstream_requests_total', { code: '5xx' }), 1);
  });

  test('of no answer at all', (t) => {
    const codes: (string | null)[] = [];
    const policy = replacing((exchange) => {
      codes.push(exchange.errorCode);
      exchange.giveReady(ready('hello'), PASSING);
    });
    const play = new Playbook(t, { policies: [policy] }).downstreamSends(GET).upstreamRefuses();
    play.expectDownstream(got('hello')).downstreamSends(GET).expectDial().expectUpstream(HAS_PASSED);
    play.upstreamCloses('reset').expectDownstream(got('hello')).downstreamSends(GET);
    play.expectDial().expectUpstream(HAS_PASSED).passes(120_000).expectDownstream(got('hello'));
    assert.deepEqual(codes, ['upstream_unreachable', 'upstream_reset', 'upstream_timeout']);
    assert.equal(play.metric('sluice_http_errors_total'), 0);
  });

  test('of an answer of a target that goes on talking', async (t) => {
    const target = {
      kind: 'answer',
      take: (exchange: Exchange) => {
        exchange.produce({ takeBody: () => {}, takeEnd: () => {}, resume: () => {}, cancel: () => {} });
        exchange.respond({ status: 500 }, -1);
        exchange.write(Buffer.from('sorry'), 0, 5);
        exchange.end();
      },
    } as const;
    const policies = [replacing((exchange) => exchange.giveReady(ready('hello'), PASSING))];
    const play = await new Playbook(t, { policies, target }).downstreamSends(GET).promises();
    play.expectDownstream(got('hello')).expectClientConnection('open');
  });

  test('piece by piece', (t) => {
    const source = new Source();
    const policies = [replacing((exchange) => exchange.giveFrom({ status: 200 }, 5, source))];
    const play = new Playbook(t, { policies }).downstreamSends(GET).expectDial().expectUpstream(HAS_PASSED);
    play.upstreamSends(head('HTTP/1.1 304 Not Modified'));
    source.write('hello');
    source.sink!.end();
    play.expectDownstream(`${head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Date: <date>')}hello`);
    assert.deepEqual(source.steps, ['begin']);
  });

  test('unless a policy before it fails', (t) => {
    const source = new Source();
    const policies: Policy[] = [
      { name: 'before', response: () => assert.fail('it fails') },
      replacing((exchange) => exchange.giveFrom({ status: 200 }, 5, source)),
    ];
    const play = new Playbook(t, { policies, onFault: () => {} }).downstreamSends(GET).expectDial();
    play.expectUpstream(HAS_PASSED).upstreamSends(head('HTTP/1.1 304 Not Modified')).expectError(500, 'internal');
    assert.deepEqual(source.steps, ['cancel']);
  });
});
