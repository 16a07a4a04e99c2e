import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import type { EarlyBytes, Exchange } from '../contract/exchange.ts';
import type { Policy } from '../contract/policy.ts';
import { EarlyBody } from './early-body.ts';

const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;
const POST = head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5');
const SEEN = head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5', '<forwarding>');

function textOf({ bytes, isWhole }: EarlyBytes): string {
  return Buffer.from(bytes).toString() + (isWhole ? '.' : '…');
}

interface Reading {
  readonly play: Playbook;
  /** What the policy has seen. */
  readonly seen: string[];
}

/** A policy reads the body with `read` before the request is routed on. */
function reading(
  t: ConstructorParameters<typeof Playbook>[0],
  read: (exchange: Exchange) => Promise<EarlyBytes>,
): Reading {
  const seen: string[] = [];
  const policy: Policy = {
    name: 'reads',
    request: async (exchange) => {
      seen.push(textOf(await read(exchange)));
    },
  };
  return { play: new Playbook(t, { policies: [policy] }), seen };
}

describe('a policy that reads the body before the request goes on', () => {
  test('gets all of it, and the origin gets it as it came', async (t) => {
    const { play, seen } = reading(t, (exchange) => exchange.readBody(100));
    play.downstreamSends(POST, 'hel').expectNoDial();
    assert.equal(play.clientIsPaused, false);
    play.downstreamSends('lo');
    await nextTurn();
    assert.deepEqual(seen, ['hello.']);
    play.expectDial().expectUpstream(`${SEEN}hello`).upstreamSends(OK).expectDownstream(/hi$/);
    play.expectClientConnection('open').downstreamSends(GET);
    await nextTurn();
    assert.deepEqual(seen, ['hello.', '.']);
    play.expectUpstream(/^GET/);
  });

  test('goes on as soon as it has enough, and the rest follows', async (t) => {
    const { play, seen } = reading(t, (exchange) => exchange.readBody(100, (soFar) => soFar.length >= 3));
    play.downstreamSends(`${POST}he`).expectNoDial().downstreamSends('l');
    assert.equal(play.clientIsPaused, true);
    await nextTurn();
    assert.deepEqual(seen, ['hel…']);
    play.expectDial().expectUpstream(`${SEEN}hel`);
    assert.equal(play.clientIsPaused, false);
    play.downstreamSends('lo').expectUpstream('lo').upstreamSends(OK).expectDownstream(/hi$/);
  });

  test('gets no more than it asks for in vain', async (t) => {
    const { play, seen } = reading(t, (exchange) => exchange.readBody(2));
    play.downstreamSends(`${POST}hel`);
    await nextTurn();
    assert.deepEqual(seen, ['hel…']);
    play.expectDial().expectUpstream(`${SEEN}hel`).downstreamSends('lo').expectUpstream('lo');
  });

  test('may answer by what it has read', async (t) => {
    const policy: Policy = {
      name: 'answers',
      request: async (exchange) => {
        exchange.answer({ status: 200, body: textOf(await exchange.readBody(100)) });
      },
    };
    const play = new Playbook(t, { policies: [policy] }).downstreamSends(`${POST}hello`);
    await nextTurn();
    play
      .expectNoDial()
      .expectDownstream(/hello\.$/)
      .expectClientConnection('open');
    play.downstreamSends(`${POST}world`);
    await nextTurn();
    play.expectDownstream(/world\.$/);
  });

  test('shares it with others, who may want more of it', async (t) => {
    const { play, seen } = reading(t, async (exchange) => {
      const first = await exchange.readBody(2);
      assert.equal(textOf(first), 'he…');
      return exchange.readBody(100);
    });
    play.downstreamSends(`${POST}he`);
    await nextTurn();
    play.expectNoDial().downstreamSends('llo');
    await nextTurn();
    assert.deepEqual(seen, ['hello.']);
    play.expectDial().expectUpstream(`${SEEN}hello`);
  });

  test('has the client asked for it once, whatever the origin says', async (t) => {
    const { play } = reading(t, (exchange) => exchange.readBody(100));
    play.downstreamSends(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5', 'Expect: 100-continue'));
    play.expectDownstream(head('HTTP/1.1 100 Continue')).downstreamSends('hello');
    await nextTurn();
    play
      .expectDial()
      .expectUpstream(/hello$/)
      .upstreamSends(head('HTTP/1.1 100 Continue'), OK);
    play.expectDownstream(/^HTTP\/1\.1 200 OK[^]*hi$/);
  });

  test('hears nothing more of an exchange that has ended', async (t) => {
    const { play, seen } = reading(t, (exchange) => exchange.readBody(100));
    play.downstreamSends(`${POST}he`).clientCloses();
    await nextTurn();
    assert.deepEqual(seen, []);
    play.expectNoDial();
  });

  test('does not wait for ever for what does not come', (t) => {
    const { play } = reading(t, (exchange) => exchange.readBody(100));
    play.downstreamSends(`${POST}he`).passes(60_000).expectError(408, 'request_timeout');
  });
});

describe('what was read early', () => {
  test('goes out piece by piece, each once, however it grew', () => {
    const early = new EarlyBody(-1);
    const part = Buffer.alloc(50_000, 'a');
    for (let i = 0; i < 3; i++) early.add(part, 0, part.length);
    const sizes: number[] = [];
    while (early.hasMore) early.pass((_bytes, from, to) => sizes.push(to - from));
    assert.deepEqual(sizes, [65_536, 65_536, 18_928]);
  });
});
