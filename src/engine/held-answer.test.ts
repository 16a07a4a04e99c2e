import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, origin, Playbook } from '../../test/support/playbook.ts';

const ORIGIN = origin();
const REFUSED = head('HTTP/1.1 401 Unauthorized', 'Content-Length: 7', 'X-Own: 1');
const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');
const GOT_OK = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Date: <date>');
const GOT_REFUSED = `${head('HTTP/1.1 401 Unauthorized', 'Content-Length: 7', 'X-Own: 1', 'Date: <date>')}refused`;

interface Held {
  readonly play: Playbook;
  /** What the target saw of the answer. */
  readonly seen: string[];
  readonly decide: (goesAgain: boolean | Error) => Promise<void>;
}

/** The origin has got a request, and its target takes its time to tell what becomes of a 401. */
function held(t: TestContext, request = GET, onFault?: () => void): Held {
  const seen: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const play = new Playbook(t, {
    ...(onFault !== undefined && { onFault }),
    target: {
      kind: 'forward',
      maxAttempts: 2,
      retryStatuses: [401],
      resendsBodies: { bytes: 1000 },
      select: () => ORIGIN,
      mayDoBetter: ({ response }) => {
        seen.push(`${response.status} ${response.fields.get('x-own')}`);
        return promise;
      },
    },
  });
  play.downstreamSends(request).expectDial().takeUpstream();
  const decide = async (goesAgain: boolean | Error): Promise<void> => {
    if (typeof goesAgain === 'boolean') resolve(goesAgain);
    else reject(goesAgain);
    await play.promises();
  };
  return { play, seen, decide };
}

describe('an answer whose target takes its time', () => {
  test('is passed on whole when there is nothing better', async (t) => {
    const { play, seen, decide } = held(t);
    play.upstreamSends(`${REFUSED}ref`).expectNothingDownstream();
    assert.deepEqual([seen, play.upstreamIsPaused], [['401 1'], true]);
    play.passes(600_000).expectNothingDownstream();
    await decide(false);
    play.upstreamSends('used').expectDownstream(GOT_REFUSED).expectUpstreamConnection('open');
    play.downstreamSends(GET).expectNoDial().takeUpstream();
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('is passed on whole though its server has closed behind it', async (t) => {
    const { play, decide } = held(t);
    play.upstreamSends(`${REFUSED}refused`).upstreamCloses('reset').expectNothingDownstream();
    await decide(false);
    play.expectDownstream(GOT_REFUSED);
  });

  test('ends where its server has closed, whatever was announced', async (t) => {
    const { play, decide } = held(t, head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 0'));
    play.upstreamSends(`${REFUSED}ref`).upstreamCloses('reset');
    await decide(false);
    play.expectDownstream(/ref$/).expectClientConnection('reset');
  });

  test('may have lost its connection while the client sends on', async (t) => {
    const { play, decide } = held(t, `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 6')}one`);
    play.upstreamSends(`${REFUSED}refused`).upstreamCloses('reset').downstreamSends('two');
    await decide(true);
    play.expectDial().expectUpstream(/onetwo$/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('gives way to another one, for which the request is sent again', async (t) => {
    const request = `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5')}hello`;
    const { play, decide } = held(t, request);
    play.upstreamSends(`${REFUSED}ref`);
    await decide(true);
    play
      .expectUpstreamConnection('destroyed')
      .expectDial()
      .expectUpstream(/hello$/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('does not stop the client from sending the rest of its request', async (t) => {
    const { play, decide } = held(t, `${head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 6')}one`);
    play.upstreamSends(`${REFUSED}refused`).downstreamSends('two').expectUpstream('two');
    await decide(true);
    play.expectDial().expectUpstream(/onetwo$/);
    play.upstreamSends(OK).expectDownstream(GOT_OK);
  });

  test('is nobody’s when the client leaves meanwhile', async (t) => {
    const { play, decide } = held(t);
    play.upstreamSends(`${REFUSED}refused`).clientCloses().expectUpstreamConnection('destroyed');
    await decide(true);
    play.expectNoDial();
  });

  test('becomes an error of ours when the target fails', async (t) => {
    let faults = 0;
    const { play, decide } = held(t, GET, () => faults++);
    play.upstreamSends(`${REFUSED}refused`);
    await decide(new Error('broken'));
    play.expectError(500, 'internal');
    assert.equal(faults, 1);
  });
});
