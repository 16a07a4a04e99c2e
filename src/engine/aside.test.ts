import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { happens } from '../../test/support/examiner.ts';
import { forwardTo, GET, head, origin, Playbook } from '../../test/support/playbook.ts';
import type { Aside, AsideEvents, AsideRequest } from '../contract/aside.ts';
import type { Policy } from '../contract/policy.ts';
import type { ForwardTarget, Target } from '../contract/target.ts';

const ASIDE = origin({ name: 'http://aside.test:80', host: 'aside.test' });
const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'X-Verdict: good')}hi`;
const ASKED = head('GET /ask?x=1 HTTP/1.1', 'Host: a.test', '<forwarding>');
const GOT_204 = head('HTTP/1.1 204 No Content', 'Date: <date>');

interface Asked {
  readonly play: Playbook;
  /** What whoever asked has heard. */
  readonly said: string[];
  readonly aside: () => Aside;
}

/** A policy that asks `target` beside every request and lets it pass at once; the request itself is answered here. */
function asking(t: TestContext, changes: Partial<AsideRequest> = {}, target: ForwardTarget = forwardTo(ASIDE)): Asked {
  const said: string[] = [];
  const made: Aside[] = [];
  const events: AsideEvents = {
    head: (status, fields) => said.push(`${status} ${fields.get('x-verdict') ?? ''}`),
    body: (bytes, from, to) => said.push(Buffer.from(bytes.subarray(from, to)).toString()),
    end: () => said.push('end'),
    failed: ({ code }) => said.push(code),
    drain: () => said.push('drain'),
  };
  const plain = { method: 'GET', target: '/ask?x=1', authority: 'a.test', fields: [], bodyLength: null };
  const request: AsideRequest = { ...plain, timeoutMs: 5000, ...changes };
  const policy: Policy = {
    name: 'ask',
    request: (exchange) => {
      made.push(exchange.aside(target, request, events));
    },
  };
  const answering: Target = { kind: 'answer', take: (exchange) => exchange.answer({ status: 204 }) };
  const play = new Playbook(t, { policies: [policy], target: answering });
  return { play, said, aside: () => made[0]! };
}

const POSTED = { method: 'POST', bodyLength: -1 } as const;

describe('a request of our own beside that of a client', () => {
  test('goes out like any other, and its answer goes to whoever asked', (t) => {
    const { play, said } = asking(t);
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDial(ASIDE.name);
    play.expectUpstream(ASKED).upstreamSends(OK);
    assert.deepEqual(said, ['200 good', 'hi', 'end']);
    play.expectUpstreamConnection('open');
  });

  test('is none of the requests that clients have made: it is not counted and leaves no line', (t) => {
    const { play } = asking(t);
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDial(ASIDE.name).expectUpstream(ASKED).upstreamSends(OK);
    assert.equal(play.metric('sluice_http_requests_total'), 1);
    assert.equal(play.accessLines().length, 1);
    assert.equal(play.metric('sluice_upstream_requests_total'), 1);
  });

  test('says what it was given, and nothing of a connection', (t) => {
    const fields = [
      ['X-Mine', '1'],
      ['Cookie', 'a=b'],
      ['Connection', 'upgrade'],
      ['Upgrade', 'websocket'],
      ['Expect', '100-continue'],
      ['Content-Length', '7'],
    ] as const;
    const { play } = asking(t, { fields });
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDial(ASIDE.name);
    play.expectUpstream(head('GET /ask?x=1 HTTP/1.1', 'Host: a.test', 'X-Mine: 1', 'cookie: a=b', '<forwarding>'));
  });

  test('that cannot be written is not sent', (t) => {
    for (const changes of [{ fields: [['X', 'a\r\nY: b']] as const }, { method: 'CONNECT' }, { target: '/a b' }]) {
      const { play, said } = asking(t, changes);
      play.downstreamSends(GET).expectDownstream(GOT_204).expectNoDial();
      assert.equal(said.length, 1);
      play.end();
    }
  });

  test('takes its body as it comes, however early', (t) => {
    const { play, said, aside } = asking(t, POSTED);
    play.downstreamSends(GET).expectDownstream(GOT_204);
    assert.equal(aside().write(Buffer.from('early'), 0, 5), false);
    play.expectDial(ASIDE.name).expectUpstream(/\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n$/);
    assert.deepEqual(said, ['drain']);
    happens(play, () => assert.equal(aside().write(Buffer.from('late'), 0, 4), true)).expectUpstream('4\r\nlate\r\n');
    happens(play, () => aside().end()).expectUpstream('0\r\n\r\n');
  });

  test('whose body was complete before there was a connection ends with it', (t) => {
    const { play, aside } = asking(t, { method: 'POST', bodyLength: 2 });
    play.downstreamSends(GET).expectDownstream(GOT_204);
    aside().write(Buffer.from('hi'), 0, 2);
    aside().end();
    play.expectDial(ASIDE.name).expectUpstream(/\r\ncontent-length: 2\r\n[^]*\r\n\r\nhi$/);
  });

  test('that nobody answers fails, and not the request beside it', (t) => {
    const { play, said } = asking(t);
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDialBegins(ASIDE.name).upstreamRefuses();
    assert.deepEqual(said, ['upstream_unreachable']);
  });

  test('whose answer is cut fails behind its head', (t) => {
    const { play, said } = asking(t);
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDial(ASIDE.name).expectUpstream(ASKED);
    play.upstreamSends(head('HTTP/1.1 200 OK', 'Content-Length: 5')).upstreamCloses();
    assert.deepEqual(said, ['200 ', 'upstream_incomplete']);
  });

  test('is tried elsewhere, as any other is', (t) => {
    const other = origin({ name: 'http://other.test:80', host: 'other.test' });
    const target: ForwardTarget = { kind: 'forward', maxAttempts: 2, select: (_, tried) => (tried[0] ? other : ASIDE) };
    const { play, said } = asking(t, {}, target);
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDialBegins(ASIDE.name).upstreamRefuses();
    play.expectDial(other.name).expectUpstream(ASKED).upstreamSends(OK);
    assert.deepEqual(said, ['200 good', 'hi', 'end']);
  });

  test('has so long and no longer', (t) => {
    const { play, said } = asking(t);
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDial(ASIDE.name).expectUpstream(ASKED).passes(6000);
    assert.deepEqual(said, ['exchange_timeout']);
    play.expectUpstreamConnection('destroyed');
  });

  test('that was given up says nothing more, and its connection ends', (t) => {
    const { play, said, aside } = asking(t);
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDial(ASIDE.name).expectUpstream(ASKED);
    happens(play, () => aside().cancel()).expectUpstreamConnection('destroyed');
    assert.deepEqual(said, []);
  });

  test('goes on when the client beside it has left', (t) => {
    const { play, said } = asking(t);
    play.downstreamSends(GET).expectDownstream(GOT_204).expectDial(ASIDE.name).expectUpstream(ASKED).clientCloses();
    play.upstreamSends(OK);
    assert.deepEqual(said, ['200 good', 'hi', 'end']);
  });
});

describe('a request of our own on the route of a client', () => {
  test('passes only the policies behind the one that keeps answers, and goes to the same target', (t) => {
    const said: string[] = [];
    const events: AsideEvents = {
      head: (status, fields) => said.push(`${status} ${fields.get('x-verdict') ?? ''}`),
      body: (bytes, from, to) => said.push(Buffer.from(bytes.subarray(from, to)).toString()),
      end: () => said.push('end'),
      failed: ({ code }) => said.push(code),
    };
    const noting = (name: string): Policy => ({
      name,
      request: ({ request, user }) => {
        said.push(`${name} ${user}`);
        request.fields.set('x-seen', name);
      },
      response: ({ response }) => response.fields.set('x-verdict', name),
    });
    const cache: Policy = {
      name: 'cache',
      keepsAnswers: true,
      request: (exchange) => {
        exchange.user = 'anna';
        const plain = { method: 'GET', target: '/ask?x=1', authority: 'a.test', bodyLength: null, timeoutMs: 5000 };
        exchange.askAgain({ ...plain, fields: [['If-None-Match', '"a"']] }, events);
        exchange.give({ status: 204 });
      },
    };
    const play = new Playbook(t, { policies: [noting('outer'), cache, noting('inner')] }).downstreamSends(GET);
    play.expectDownstream(head('HTTP/1.1 204 No Content', 'x-verdict: outer', 'Date: <date>'));
    play
      .clientCloses()
      .expectDial()
      .expectUpstream(/\r\nIf-None-Match: "a"\r\nx-seen: inner\r\n/)
      .upstreamSends(OK);
    assert.deepEqual(said, ['outer ', 'inner anna', '200 inner', 'hi', 'end']);
    assert.equal(play.metric('sluice_http_requests_total'), 1);
  });

  test('gets the answers of a target that answers by itself', (t) => {
    const said: string[] = [];
    const events: AsideEvents = {
      head: (status) => said.push(String(status)),
      body: () => said.push('body'),
      end: () => said.push('end'),
      failed: ({ code }) => said.push(code),
    };
    const cache: Policy = {
      name: 'cache',
      keepsAnswers: true,
      request: (exchange) => {
        const plain = { method: 'GET', target: '/', authority: 'a.test', bodyLength: null, timeoutMs: 5000 };
        exchange.askAgain({ ...plain, fields: [] }, events);
        exchange.give({ status: 204 });
      },
    };
    const target: Target = { kind: 'answer', take: (exchange) => exchange.answer({ status: 200, body: 'hi' }) };
    const play = new Playbook(t, { policies: [cache], target }).downstreamSends(GET).expectDownstream(GOT_204);
    assert.deepEqual(said, ['200', 'body', 'end']);
    play.expectNoDial();
  });
});
