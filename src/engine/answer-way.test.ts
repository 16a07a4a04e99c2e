import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { examined, happens } from '../../test/support/examiner.ts';
import { GET, head, Playbook, TIMEOUTS } from '../../test/support/playbook.ts';
import type { BodySink, Policy } from '../contract/policy.ts';
import { SluiceError } from '../core/errors.ts';

const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;

const infected = (): SluiceError => new SluiceError('forbidden');

describe('a transform of an answer that takes its time', () => {
  test('holds the answer back, and its server too', (t) => {
    const { play, made } = examined(t, ['responseBody']);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 4'), 'hi');
    play.expectDownstream(head('HTTP/1.1 200 OK', 'Content-Length: 4', 'Date: <date>'));
    assert.equal(play.upstreamIsPaused, true);
    happens(play, () => made[0]!.letGo()).expectDownstream('hi');
    assert.equal(play.upstreamIsPaused, false);
    play.upstreamSends('ho').expectNothingDownstream();
    happens(play, () => made[0]!.letGo())
      .expectDownstream('ho')
      .expectClientConnection('open');
  });

  test('bounds the time of a client that does not take what it lets go', (t) => {
    const { play, made } = examined(t, ['responseBody']);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 4'), 'hi').expectDownstream(/\r\n\r\n$/);
    play.clientStopsReading();
    const { sink } = made[0]!;
    happens(play, () => sink.write(Buffer.from('hi'), 0, 2)).expectDownstream('hi');
    happens(play, () => sink.resume());
    assert.equal(play.upstreamIsPaused, true);
    play.passes(TIMEOUTS.writeMs + 1000).expectClientConnection('reset');
  });

  test('has the answer of one request while its server answers the next one', (t) => {
    const { play, made } = examined(t, ['responseBody']);
    play
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(/^GET/)
      .upstreamSends(OK)
      .expectDownstream(/\r\n\r\n$/);
    play.clientConnects().downstreamSends(GET).expectNoDial().expectUpstream(/^GET/).upstreamSends(OK);
    play.expectDownstream(/\r\n\r\n$/);
    happens(play, () => made[1]!.letGo())
      .expectDownstream('hi')
      .onClient(0)
      .expectNothingDownstream();
    happens(play, () => made[0]!.letGo())
      .expectDownstream('hi')
      .expectClientConnection('open');
  });

  test('passes trailers on behind what it has held', (t) => {
    const { play, made } = examined(t, ['responseBody']);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'), '2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n');
    play.expectDownstream(/\r\n\r\n$/);
    play.clientConnects().downstreamSends(GET).expectUpstream(/^GET/);
    happens(play, () => made[0]!.letGo());
    play.onClient(0).expectDownstream('2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n');
  });

  test('cuts an answer of which something has gone out', (t) => {
    const { play, made } = examined(t, ['responseBody']);
    play
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(/^GET/)
      .upstreamSends(OK)
      .expectDownstream(/\r\n\r\n$/);
    happens(play, () => made[0]!.sink.fail(infected()))
      .expectClientConnection('reset')
      .expectNothingDownstream();
  });

  test('and holds the head can still answer with an error, once', (t) => {
    const { play, made } = examined(t, ['responseBody'], true);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/).upstreamSends(OK).expectNothingDownstream();
    happens(play, () => made[0]!.sink.fail(infected()))
      .expectError(403, 'forbidden')
      .expectClientConnection('open');
    happens(play, () => made[0]!.letGo()).expectNothingDownstream();
  });

  test('and holds the head has its error pass by the policies, as any answer does, and once', (t) => {
    const statuses: number[] = [];
    const policies: Policy[] = [
      {
        name: 'sign',
        response: ({ response }) => {
          statuses.push(response.status);
          response.fields.set('X-Signed', '1');
        },
      },
      {
        name: 'refuse',
        responseBody: ({ response }, sink) =>
          response.isOurs
            ? null
            : { holdsHead: true, write: () => sink.fail(infected()), end: () => {}, abort: () => {} },
      },
    ];
    const play = new Playbook(t, { policies });
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/).upstreamSends(OK);
    play.expectDownstream(/^HTTP\/1\.1 403 [^]*\r\nX-Signed: 1\r\n/).expectClientConnection('open');
    assert.deepEqual(statuses, [200, 403]);
  });

  test('and holds the head sends it with the first bytes that it lets go', (t) => {
    const { play, made } = examined(t, ['responseBody'], true);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/).upstreamSends(OK).expectNothingDownstream();
    happens(play, () => made[0]!.letGo()).expectDownstream(
      `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Date: <date>')}hi`,
    );
  });

  test('whose server fails in the middle of a held answer asks no other server', (t) => {
    const { play, made } = examined(t, ['responseBody'], true);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 4'), 'hi');
    happens(play, () => made[0]!.sink.resume()).upstreamCloses();
    play.expectError(502, 'upstream_incomplete').expectNoDial();
  });

  test('is let go of when the client leaves, and its server with it', (t) => {
    const { play, made } = examined(t, ['responseBody'], true);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 4'), 'hi').clientCloses();
    assert.equal(made[0]!.aborted, true);
    play.expectUpstreamConnection('destroyed');
  });

  test('that throws later ends its own exchange', (t) => {
    const sinks: BodySink[] = [];
    const policies: Policy[] = [
      { name: 'broken', responseBody: () => ({ write: () => assert.fail('broken'), end: () => {}, abort: () => {} }) },
      {
        name: 'late',
        responseBody: (_exchange, sink) => {
          sinks.push(sink);
          return { write: () => {}, end: () => {}, abort: () => {} };
        },
      },
    ];
    const play = new Playbook(t, { policies, onFault: () => {} });
    play
      .downstreamSends(GET)
      .expectDial()
      .expectUpstream(/^GET/)
      .upstreamSends(OK)
      .expectDownstream(/\r\n\r\n$/);
    happens(play, () => sinks[0]!.write(Buffer.from('hi'), 0, 2)).expectClientConnection('reset');
  });
});
