// The spans of one exchange: which there are, whose children they are, and when they end.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { GET, head, Playbook, type PlaybookOptions } from '../../test/support/playbook.ts';
import { type Span, SPAN_KIND } from '../telemetry/traces/span.ts';
import { Tracer } from './tracer.ts';

const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;

function stage(t: TestContext, options: PlaybookOptions = {}): { play: Playbook; spans: Span[] } {
  const spans: Span[] = [];
  const play = new Playbook(t, options);
  play.traffic.tracer = new Tracer({ sampling: { share: 1, followsParent: true }, take: (span) => spans.push(span) });
  return { play, spans };
}

describe('an exchange that is traced', () => {
  test('has its attempt as a child, which its server is told of', (t) => {
    const { play, spans } = stage(t);
    play.downstreamSends(GET).expectDial();
    const sent = play.takeUpstream();
    play.upstreamSends(OK).expectDownstream(/hi$/);
    const [attempt, exchange] = spans;
    assert.deepEqual([attempt?.kind, exchange?.kind], [SPAN_KIND.client, SPAN_KIND.server]);
    assert.equal(attempt?.parentSpanId, exchange?.spanId);
    assert.ok(sent.includes(`traceparent: 00-${exchange?.traceId}-${attempt?.spanId}-01\r\n`), sent);
    assert.deepEqual([attempt?.hasRemoteParent, exchange?.hasRemoteParent], [false, false]);
  });

  test('has an attempt that failed when its server could not be reached', (t) => {
    const { play, spans } = stage(t);
    play.downstreamSends(GET).expectDialBegins().upstreamRefuses();
    play.expectError(502, 'upstream_unreachable');
    assert.deepEqual(
      spans.map(({ error }) => error),
      ['upstream_unreachable', 'upstream_unreachable'],
    );
  });

  test('has an attempt that was given up when its client left', (t) => {
    const { play, spans } = stage(t);
    play.downstreamSends(GET).expectDial().expectUpstream(/^GET/);
    play.clientCloses().expectUpstreamConnection('destroyed');
    assert.deepEqual(
      spans.map(({ error }) => error),
      ['client_closed', ''],
    );
  });

  test('has the opening of a tunnel as a child', (t) => {
    const { play, spans } = stage(t, { tunnelsBeginWith: '' });
    play.downstreamSends(head('CONNECT b.test:443 HTTP/1.1', 'Host: b.test:443')).expectDial('tunnel b.test:443');
    play.expectDownstream(/^HTTP\/1\.1 200/);
    assert.deepEqual(
      spans.map(({ name, error }) => [name, error]),
      [['CONNECT', '']],
    );
    play.clientEnds().upstreamCloses();
    assert.equal(spans[0]?.parentSpanId, spans[1]?.spanId);
  });
});
