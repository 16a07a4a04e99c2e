import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook, type PlaybookOptions, TIMEOUTS } from '../../test/support/playbook.ts';
import type { Policy, TunnelGuard } from '../contract/policy.ts';
import { SluiceError } from '../core/errors.ts';

const CONNECT = head('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443');
const STANDS = head('HTTP/1.1 200 OK', 'Date: <date>');

/** Waits for a whole line and lets pass what begins with `good`. */
function lineGuard(seen: string[] = []): TunnelGuard {
  let line = '';
  return {
    take: (bytes, from, to) => {
      const portion = Buffer.from(bytes.subarray(from, to)).toString();
      seen.push(portion);
      line += portion;
      if (!line.includes('\n')) return 'more';
      return line.startsWith('good') ? 'pass' : new SluiceError('forbidden');
    },
  };
}

const guarded = (guard: () => TunnelGuard | null): Policy => ({ name: 'guard', tunnel: guard });

function open(t: TestContext, policies: readonly Policy[], more: PlaybookOptions = {}): Playbook {
  const play = new Playbook(t, { tunnelsBeginWith: '', policies, ...more }).downstreamSends(CONNECT);
  return play.expectDial('tunnel a.test:443').expectDownstream(STANDS);
}

describe('a guarded tunnel', () => {
  test('holds what the client says until the guard has seen enough, then looks at nothing more', (t) => {
    const seen: string[] = [];
    const play = open(t, [guarded(() => lineGuard(seen))]).expectNothingUpstream();
    play.downstreamSends('go').expectNothingUpstream().downstreamSends('od\nmore').expectUpstream('good\nmore');
    play.downstreamSends('bad\n').expectUpstream('bad\n').upstreamSends('ok').expectDownstream('ok');
    assert.deepEqual(seen, ['go', 'od\nmore']);
    play.clientCloses();
    assert.equal(play.accessLines()[0]?.['http.request.body.size'], 13);
  });

  test('lets the server speak first', (t) => {
    const play = open(t, [guarded(() => lineGuard())]);
    play.upstreamSends('220 ready').expectDownstream('220 ready').downstreamSends('good\n').expectUpstream('good\n');
  });

  test('sees what was sent before it stood', (t) => {
    for (const [early, upstream] of [
      ['good\n', 'good\n'],
      ['bad\n', ''],
    ] as const) {
      const play = new Playbook(t, { tunnelsBeginWith: '', policies: [guarded(() => lineGuard())] });
      play.downstreamSends(CONNECT + early).expectDial('tunnel a.test:443');
      if (upstream !== '') play.expectDownstream(STANDS);
      else play.takeDownstream();
      play.expectUpstream(upstream).expectClientConnection(upstream === '' ? 'reset' : 'open');
      play.end();
    }
  });

  test('is cut on both sides when the guard refuses, and the log knows why', (t) => {
    const play = open(t, [guarded(() => lineGuard())])
      .downstreamSends('bad\n')
      .expectNothingUpstream();
    play.expectClientConnection('reset').expectUpstreamConnection('reset');
    assert.equal(play.accessLines()[0]?.['error.type'], 'forbidden');
  });

  test('waits for all of its guards, each of which sees everything', (t) => {
    const [first, second]: string[][] = [[], []];
    const policies = [
      guarded(() => ({ take: () => 'pass' })),
      guarded(() => lineGuard(first)),
      guarded(() => null),
      guarded(() => lineGuard(second)),
    ];
    const play = open(t, policies).downstreamSends('goo').expectNothingUpstream();
    play.downstreamSends('d\n').expectUpstream('good\n');
    assert.deepEqual(
      [first, second],
      [
        ['goo', 'd\n'],
        ['goo', 'd\n'],
      ],
    );
  });

  test('does not wait for ever for a client that has begun, but does for one that has not', (t) => {
    const play = open(t, [guarded(() => lineGuard())]).passes(TIMEOUTS.headersMs * 2);
    play
      .expectClientConnection('open')
      .downstreamSends('go')
      .passes(TIMEOUTS.headersMs * 2);
    play.expectNothingUpstream().expectClientConnection('reset').expectUpstreamConnection('reset');
    assert.equal(play.accessLines()[0]?.['error.type'], 'request_timeout');
  });

  test('keeps no more than a guard may ask for', (t) => {
    const play = open(t, [guarded(() => ({ take: () => 'more' }))]);
    for (let portion = 0; portion < 65; portion += 1) play.downstreamSends('x'.repeat(1024));
    play.expectNothingUpstream().expectClientConnection('reset').expectUpstreamConnection('reset');
  });

  test('passes on what there was when the client ends its side', (t) => {
    const play = open(t, [guarded(() => lineGuard())])
      .downstreamSends('go')
      .clientEnds();
    play.expectUpstream('go').expectUpstreamConnection('ended').upstreamSends('what?').expectDownstream('what?');
    play.upstreamCloses();
  });

  test('ends with the client or the server while it waits', (t) => {
    open(t, [guarded(() => lineGuard())])
      .downstreamSends('go')
      .clientCloses()
      .expectUpstreamConnection('reset')
      .end();
    open(t, [guarded(() => lineGuard())])
      .downstreamSends('go')
      .upstreamCloses('reset')
      .expectClientConnection('reset');
  });

  test('is cut when its guard fails, which is told', (t) => {
    for (const policy of [
      guarded(() => ({ take: () => assert.fail('broken') })),
      guarded(() => assert.fail('broken')),
    ]) {
      const faults: unknown[] = [];
      const play = open(t, [policy], { onFault: (cause) => faults.push(cause) }).downstreamSends('x');
      play.expectNothingUpstream().expectClientConnection('reset');
      assert.equal(play.accessLines()[0]?.['error.type'], 'internal');
      assert.equal(faults.length, 1);
      play.end();
    }
  });

  test('may be asked for in another protocol', (t) => {
    const asked = { host: 'a.test', port: 443, authorization: null, reply: () => Buffer.from('<welcome>') };
    const play = new Playbook(t, { tunnelsBeginWith: '', policies: [guarded(() => lineGuard())] });
    play.clientAsks(asked, 'go').expectDial('tunnel a.test:443').expectDownstream('<welcome>').expectNothingUpstream();
    play.downstreamSends('od\n').expectUpstream('good\n').clientCloses();
  });
});

test('a connection that has become a WebSocket is no tunnel', (t) => {
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket'];
  const policies = [guarded(() => assert.fail('a guard was asked for'))];
  const play = new Playbook(t, { policies }).downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...upgrade));
  play
    .expectDial()
    .expectUpstream(/^GET/)
    .upstreamSends(head('HTTP/1.1 101 Switching Protocols', ...upgrade));
  play
    .expectDownstream(/^HTTP\/1\.1 101 /)
    .downstreamSends('bad\n')
    .expectUpstream('bad\n')
    .clientCloses();
});
