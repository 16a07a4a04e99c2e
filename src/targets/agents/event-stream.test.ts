import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import type { FeedSink } from '../../services/agents/event-feed.ts';
import { EventStream, NDJSON, OpenStreams, SSE, type StreamForm } from './event-stream.ts';

const EVERY_MS = 1000;

class Stage {
  sink: FeedSink | null = null;
  readonly calls: string[] = [];
  readonly play: Playbook;

  constructor(t: TestContext, form: StreamForm = SSE, onFault: (cause: unknown) => void = () => {}) {
    const streams = new OpenStreams(EVERY_MS);
    this.play = new Playbook(t, {
      onFault,
      target: {
        kind: 'answer',
        take: (exchange) => {
          new EventStream(exchange, form, streams).begin(Buffer.from('first\n\n'), [['X-Id', '1']], (sink) => {
            this.sink = sink;
            return { resume: () => this.calls.push('resume'), leave: () => this.calls.push('leave') };
          });
        },
      },
    });
    this.play.downstreamSends(GET);
  }
}

const HEAD = head(
  'HTTP/1.1 200 OK',
  'Content-Type: text/event-stream',
  'Cache-Control: no-cache',
  'X-Accel-Buffering: no',
  'X-Id: 1',
  'Date: <date>',
  'Transfer-Encoding: chunked',
);

describe('a stream of events', () => {
  test('begins at once, and ends with what it tells', (t) => {
    const { play, sink, calls } = new Stage(t);
    play.expectDownstream(`${HEAD}7\r\nfirst\n\n\r\n`);
    assert.equal(sink?.write(Buffer.from('x')), true);
    sink?.end();
    play.expectDownstream('1\r\nx\r\n0\r\n\r\n').expectClientConnection('open');
    sink?.end();
    assert.equal(sink?.write(Buffer.from('y')), false);
    assert.deepEqual(calls, []);
    play.end();
  });

  test('says now and then that it is still there, unless something else was said', (t) => {
    const { play, sink } = new Stage(t);
    play.expectDownstream(/first\n\n\r\n$/);
    play
      .passes(EVERY_MS + 200)
      .expectDownstream('')
      .passes(EVERY_MS + 300);
    play.expectDownstream('4\r\n: \n\n\r\n');
    sink?.end();
    play.expectDownstream('0\r\n\r\n');
    play.passes(EVERY_MS * 3).end();
    const other = new Stage(t, NDJSON);
    other.play.passes(EVERY_MS * 2 + 400);
    other.play.expectDownstream(/x-ndjson[^]*1\r\n \r\n$/);
    other.sink?.end();
    other.play.expectDownstream('0\r\n\r\n').end();
  });

  test('waits for a slow client and says nothing to it meanwhile', (t) => {
    const { play, sink, calls } = new Stage(t);
    play.expectDownstream(/first\n\n\r\n$/).clientStopsReading();
    assert.equal(sink?.write(Buffer.from('x')), false);
    play.passes(EVERY_MS * 3);
    play.expectDownstream('1\r\nx\r\n').clientReads();
    assert.deepEqual(calls, ['resume']);
    sink?.end();
    play.expectDownstream('0\r\n\r\n').end();
  });

  test('is left by a client that goes away', (t) => {
    const { play, sink, calls } = new Stage(t);
    play.expectDownstream(/first\n\n\r\n$/).clientCloses();
    assert.deepEqual(calls, ['leave']);
    assert.equal(sink?.write(Buffer.from('x')), false);
    sink?.fail(new Error('late'));
    play.end();
  });

  test('is cut where it cannot go on', (t) => {
    const { play, sink } = new Stage(t);
    play.expectDownstream(/first\n\n\r\n$/);
    sink?.fail(new Error('no more'));
    play.expectClientConnection('reset').end();
  });
});
