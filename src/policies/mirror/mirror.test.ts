import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { forwardTo, GET, head, origin, Playbook } from '../../../test/support/playbook.ts';
import { mirror, type MirrorOptions, type MirrorOutcome } from './mirror.ts';

const SECOND = origin({ name: 'http://second.test:80', host: 'second.test' });
const NO_CONTENT = head('HTTP/1.1 204 No Content');
const POST = head('POST /form?a=b HTTP/1.1', 'Host: a.test', 'Content-Length: 5');

interface Stage {
  readonly play: Playbook;
  readonly outcomes: MirrorOutcome[];
}

function stage(t: TestContext, changes: Partial<MirrorOptions> = {}): Stage {
  const outcomes: MirrorOutcome[] = [];
  const policy = mirror({
    target: forwardTo(SECOND),
    share: 1,
    maxBodyBytes: 10,
    mostAtOnce: 2,
    timeoutMs: 5000,
    count: (outcome) => outcomes.push(outcome),
    ...changes,
  });
  return { play: new Playbook(t, { policies: [policy] }), outcomes };
}

/** Both are dialled, the copy's server first: of the playbook's upstreams it is the first. */
function bothDial(play: Playbook): Playbook {
  return play.expectDial().expectDial();
}

const COPY = 0;
const ITSELF = 1;

describe('a mirror', () => {
  test('sends the same request again, marked, and drops what is answered', (t) => {
    const { play, outcomes } = stage(t);
    play.downstreamSends(head('GET /a?b HTTP/1.1', 'Host: a.test', 'X-One: 1'));
    bothDial(play).expectUpstream(head('GET /a?b HTTP/1.1', 'Host: a.test', 'X-One: 1', '<forwarding>'));
    play.onUpstream(COPY);
    play.expectUpstream(head('GET /a?b HTTP/1.1', 'Host: a.test', 'X-One: 1', 'X-Sluice-Mirror: 1', '<forwarding>'));
    play.upstreamSends(`${head('HTTP/1.1 500 Oh', 'Content-Length: 2')}no`).expectNothingDownstream();
    assert.deepEqual(outcomes, ['answered']);
    play.onUpstream(ITSELF).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
  });

  test('copies bodies as they pass', (t) => {
    const { play, outcomes } = stage(t);
    bothDial(play.downstreamSends(`${POST}he`)).expectUpstream(
      /^POST \/form\?a=b [^]*\r\nContent-Length: 5\r\n[^]*he$/,
    );
    play.onUpstream(COPY).expectUpstream(/^POST \/form\?a=b [^]*\r\ncontent-length: 5\r\n[^]*he$/);
    play
      .downstreamSends('llo')
      .expectUpstream('llo')
      .upstreamSends(NO_CONTENT)
      .onUpstream(ITSELF)
      .expectUpstream('llo');
    play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    assert.deepEqual(outcomes, ['answered']);
  });

  test('never copies a copy, nor what asks to switch protocols', (t) => {
    const { play, outcomes } = stage(t);
    for (const lines of [['X-Sluice-Mirror: 1'], ['Connection: upgrade', 'Upgrade: websocket']]) {
      play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...lines));
      if (lines.length === 1) play.expectDial();
      play.expectNoDial().expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    }
    assert.deepEqual(outcomes, []);
  });

  test('does not copy what is too large, known before or found out on the way', (t) => {
    const { play, outcomes } = stage(t, { maxBodyBytes: 4 });
    play
      .downstreamSends(`${POST}hello`)
      .expectDial()
      .expectNoDial()
      .expectUpstream(/hello$/);
    play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    assert.deepEqual(outcomes, ['too_large']);
    const chunked = head('POST / HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked');
    play.downstreamSends(`${chunked}4\r\nhell\r\n`).expectUpstream(/hell\r\n$/);
    play.expectDial(SECOND.name).expectUpstream(/hell\r\n$/);
    play.onUpstream(0).downstreamSends('1\r\no\r\n0\r\n\r\n').expectUpstream('1\r\no\r\n0\r\n\r\n');
    play.onUpstream(1).expectUpstreamConnection('destroyed');
    play.onUpstream(0).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    assert.deepEqual(outcomes, ['too_large', 'too_large']);
  });

  test('that is silent holds up nothing, and gets no more than so many copies at once', (t) => {
    const { play, outcomes } = stage(t, { mostAtOnce: 1 });
    bothDial(play.downstreamSends(GET)).expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    play.onUpstream(COPY).expectUpstream(/^GET/).onUpstream(ITSELF);
    play.downstreamSends(GET).expectNoDial().expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    assert.deepEqual(outcomes, ['too_many']);
    play.passes(6000).onUpstream(COPY).expectUpstreamConnection('destroyed');
    assert.deepEqual(outcomes, ['too_many', 'failed']);
  });

  test('that is dead harms nobody', (t) => {
    const { play, outcomes } = stage(t);
    play.downstreamSends(GET).expectDialBegins().upstreamRefuses().expectDial().expectUpstream(/^GET/);
    play.upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    assert.deepEqual(outcomes, ['failed']);
  });

  test('gives up a copy whose request comes to nothing', (t) => {
    const { play, outcomes } = stage(t);
    bothDial(play.downstreamSends(`${POST}he`))
      .expectUpstream(/he$/)
      .onUpstream(COPY)
      .expectUpstream(/he$/);
    play.clientCloses().expectUpstreamConnection('destroyed').onUpstream(ITSELF).expectUpstreamConnection('destroyed');
    assert.deepEqual(outcomes, ['cut']);
  });

  test('copies its share', (t) => {
    const { play, outcomes } = stage(t, { share: 0.25 });
    for (let round = 1; round <= 8; round++) {
      play.downstreamSends(GET);
      if (round === 1) play.expectDial();
      if (round === 4) play.expectDial(SECOND.name);
      if (round % 4 === 0)
        play
          .onUpstream(1)
          .expectUpstream(/X-Sluice-Mirror/)
          .upstreamSends(NO_CONTENT);
      play.onUpstream(0).expectUpstream(/^GET/).upstreamSends(NO_CONTENT).expectDownstream(/ 204 /);
    }
    assert.deepEqual(outcomes, ['answered', 'answered']);
  });
});
