import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import type { Policy } from '../contract/policy.ts';

const SEEN = head('GET / HTTP/1.1', 'Host: a.test', '<forwarding>');

/** Wants all of every answer; `seen` tells what it has got. */
function keeping(seen: string[]): Policy {
  return {
    name: 'cache',
    outlivesClient: () => true,
    responseBody: (exchange, sink) => ({
      keepsLength: true,
      write: (bytes, from, to) => {
        seen.push(Buffer.from(bytes.subarray(from, to)).toString());
        sink.write(bytes, from, to);
      },
      end: () => {
        seen.push('end', ...exchange.response.trailers.map((field) => field.join('=')));
        sink.end();
      },
      abort: () => void seen.push('abort'),
    }),
  };
}

describe('an exchange whose client has left', () => {
  test('goes on for a policy that wants its answer, in the middle of it', (t) => {
    const seen: string[] = [];
    const play = new Playbook(t, { policies: [keeping(seen)] }).downstreamSends(GET).expectDial();
    play.expectUpstream(SEEN).upstreamSends(`${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}2\r\nhe\r\n`);
    play
      .expectDownstream(/he\r\n$/)
      .clientCloses()
      .expectUpstreamConnection('open');
    play.upstreamSends('3\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n').expectUpstreamConnection('open');
    assert.deepEqual(seen, ['he', 'llo', 'end', 'X-Sum=1']);
    assert.deepEqual(
      play.accessLines().map((line) => [line['http.response.status_code'], line['error.type']]),
      [[200, 'client_closed']],
    );
  });

  test('goes on before anything of the answer has come', (t) => {
    const seen: string[] = [];
    const play = new Playbook(t, { policies: [keeping(seen)] }).downstreamSends(GET).expectDial();
    play.expectUpstream(SEEN).clientCloses();
    play.upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 5')}hello`).expectUpstreamConnection('open');
    assert.deepEqual(seen, ['hello', 'end']);
    assert.deepEqual(
      play.accessLines().map((line) => line['http.response.status_code']),
      [499],
    );
  });

  test('is not held back by a client that took nothing', (t) => {
    const seen: string[] = [];
    const play = new Playbook(t, { policies: [keeping(seen)] }).downstreamSends(GET).expectDial();
    play.expectUpstream(SEEN).clientStopsReading();
    play.upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}hello`);
    assert.equal(play.upstreamIsPaused, true);
    play.expectDownstream(/hello$/).clientCloses();
    assert.equal(play.upstreamIsPaused, false);
    play.upstreamSends('world').expectUpstreamConnection('open');
    assert.deepEqual(seen, ['hello', 'world', 'end']);
  });

  test('tells how an answer ends that is cut', (t) => {
    const seen: string[] = [];
    const play = new Playbook(t, { policies: [keeping(seen)] }).downstreamSends(GET).expectDial();
    play.expectUpstream(SEEN).upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}hello`);
    play
      .expectDownstream(/hello$/)
      .clientCloses()
      .upstreamCloses('reset');
    assert.deepEqual(seen, ['hello', 'abort']);
  });

  test('ends where nobody wants it, and with the engine', (t) => {
    const seen: string[] = [];
    const uninterested = { ...keeping(seen), outlivesClient: () => false };
    const plain = new Playbook(t, { policies: [uninterested] }).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    plain.clientCloses().expectUpstreamConnection('destroyed').end();
    const play = new Playbook(t, { policies: [keeping(seen)] }).downstreamSends(GET).expectDial().expectUpstream(SEEN);
    play.upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}hello`).expectDownstream(/hello$/);
    play.clientCloses().expectUpstreamConnection('open').end();
    play.expectUpstreamConnection('destroyed');
    assert.deepEqual(seen, ['hello', 'abort']);
  });

  test('ends where its request has not come whole', (t) => {
    const play = new Playbook(t, { policies: [keeping([])] });
    play.downstreamSends(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')).expectDial();
    play.expectUpstream(/^POST/).clientCloses().expectUpstreamConnection('destroyed');
  });
});
