// The engine keeps what this contract promises to targets that answer by themselves.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import { SluiceError } from '../core/errors.ts';
import type { Exchange } from './exchange.ts';
import type { AnswerTarget } from './target.ts';

const GOT_OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Date: <date>')}hi`;
const POST = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;

describe('a target that answers piece by piece', () => {
  function streaming(run: (exchange: Exchange) => void): AnswerTarget {
    return {
      kind: 'answer',
      take: (exchange) => {
        exchange.produce({ takeBody: () => {}, takeEnd: () => {}, resume: () => {}, cancel: () => {} });
        run(exchange);
      },
    };
  }
  const piece = (exchange: Exchange, text: string): boolean => exchange.write(Buffer.from(text), 0, text.length);

  test('sends each piece as it comes', (t) => {
    let exchange: Exchange | undefined;
    const play = new Playbook(t, { target: streaming((given) => void (exchange = given)) }).downstreamSends(GET);
    exchange!.respond({ status: 200, fields: [['X-One', '1']] }, -1);
    assert.equal(piece(exchange!, 'one'), true);
    play.expectDownstream(
      `${head('HTTP/1.1 200 OK', 'X-One: 1', 'Date: <date>', 'Transfer-Encoding: chunked')}3\r\none\r\n`,
    );
    assert.equal(piece(exchange!, 'three'), true);
    play.expectDownstream('5\r\nthree\r\n');
    exchange!.end();
    play.expectDownstream('0\r\n\r\n').expectClientConnection('open');
  });

  test('is told to wait for a slow client, and to go on', (t) => {
    let resumed = 0;
    let exchange: Exchange | undefined;
    const target: AnswerTarget = {
      kind: 'answer',
      take: (given) => {
        exchange = given;
        given.produce({ takeBody: () => {}, takeEnd: () => {}, resume: () => resumed++, cancel: () => {} });
      },
    };
    const play = new Playbook(t, { target }).downstreamSends(GET).clientStopsReading();
    exchange!.respond({ status: 200 }, 6);
    assert.equal(piece(exchange!, 'one'), false);
    play.expectDownstream(/one$/).clientReads();
    assert.equal(resumed, 1);
    assert.equal(piece(exchange!, 'two'), true);
    exchange!.end();
    play.expectDownstream('two');
  });

  test('that ends before it has said all that it announced cuts the answer', (t) => {
    const target = streaming((exchange) => {
      exchange.respond({ status: 200 }, 5);
      piece(exchange, 'hi');
      exchange.end();
    });
    new Playbook(t, { target, onFault: () => {} })
      .downstreamSends(GET)
      .expectDownstream(/hi$/)
      .expectClientConnection('reset');
  });

  test('that says more than it announced cuts the answer, and none of the surplus is sent', (t) => {
    const target = streaming((exchange) => {
      exchange.respond({ status: 200 }, 2);
      piece(exchange, 'hi');
      piece(exchange, 'HTTP/1.1 200 OK\r\n\r\n');
    });
    new Playbook(t, { target, onFault: () => {} })
      .downstreamSends(GET)
      .expectDownstream(/hi$/)
      .expectClientConnection('reset');
  });

  test('that ends before it has begun is at fault', (t) => {
    new Playbook(t, { target: streaming((exchange) => exchange.end()), onFault: () => {} })
      .downstreamSends(GET)
      .expectError(500, 'internal');
  });

  test('that gives up in the middle cuts the answer, and before it gets an error sent', (t) => {
    const cut = streaming((exchange) => {
      exchange.respond({ status: 200 }, -1);
      piece(exchange, 'hi');
      exchange.abort(new SluiceError('internal'));
    });
    new Playbook(t, { target: cut, onFault: () => {} })
      .downstreamSends(GET)
      .expectDownstream(/hi\r\n$/)
      .expectClientConnection('reset')
      .end();
    const refused = streaming((exchange) => exchange.abort(new SluiceError('shutting_down')));
    new Playbook(t, { target: refused }).downstreamSends(GET).expectError(503, 'shutting_down');
  });

  test('is cancelled when the client goes away', (t) => {
    const codes: string[] = [];
    const target: AnswerTarget = {
      kind: 'answer',
      take: (exchange) =>
        exchange.produce({
          takeBody: () => {},
          takeEnd: () => {},
          resume: () => {},
          cancel: (error) => codes.push(error.code),
        }),
    };
    new Playbook(t, { target }).downstreamSends(GET).clientCloses();
    assert.deepEqual(codes, ['client_closed']);
  });

  test('gets the body of the request, however late it asks', async (t) => {
    const seen: string[] = [];
    const target: AnswerTarget = {
      kind: 'answer',
      take: (exchange) => {
        queueMicrotask(() =>
          exchange.produce({
            takeBody: (bytes, from, to) => seen.push(Buffer.from(bytes.subarray(from, to)).toString()),
            takeEnd: () => exchange.answer({ status: 200, body: 'hi' }),
            resume: () => {},
            cancel: () => {},
          }),
        );
      },
    };
    const play = new Playbook(t, { target }).downstreamSends(POST);
    assert.deepEqual(seen, []);
    (await play.promises()).expectDownstream(GOT_OK);
    assert.deepEqual(seen, ['hello']);
  });

  test('may send an answer larger than any buffer', (t) => {
    const body = 'x'.repeat(1_000_000);
    const target: AnswerTarget = { kind: 'answer', take: (exchange) => exchange.answer({ status: 200, body }) };
    const play = new Playbook(t, { target }).downstreamSends(GET);
    assert.equal(play.takeDownstream(), head('HTTP/1.1 200 OK', 'Content-Length: 1000000', 'Date: <date>') + body);
  });
});
