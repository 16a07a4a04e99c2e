// When a trace begins, and when it goes on.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { head, Playbook } from '../../test/support/playbook.ts';
import type { Sampling } from '../telemetry/traces/sampling.ts';
import type { Span } from '../telemetry/traces/span.ts';
import { Tracer } from './tracer.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const OK = `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}hi`;

function spansOf(t: TestContext, fields: readonly string[], sampling: Partial<Sampling> = {}): Span[] {
  const spans: Span[] = [];
  const play = new Playbook(t);
  play.traffic.tracer = new Tracer({
    sampling: { share: 1, followsParent: true, ...sampling },
    take: (span) => spans.push(span),
  });
  play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...fields)).expectDial();
  play.expectUpstream(/^GET/).upstreamSends(OK).expectDownstream(/hi$/);
  play.end();
  return spans;
}

describe('a trace', () => {
  test('goes on with one traceparent that is valid', (t) => {
    const [, server] = spansOf(t, [`traceparent: 00-${TRACE}-${SPAN}-03`]);
    assert.deepEqual([server?.traceId, server?.parentSpanId, server?.flags], [TRACE, SPAN, 3]);
  });

  test('begins anew with two, or with one that is not valid', (t) => {
    const twice = `traceparent: 00-${TRACE}-${SPAN}-01`;
    for (const fields of [[twice, twice], ['traceparent: 00-x-y-01'], []]) {
      const [, server] = spansOf(t, fields);
      assert.notEqual(server?.traceId, TRACE);
      assert.equal(server?.parentSpanId, '');
    }
  });

  test('is recorded or not as a whole', (t) => {
    assert.equal(spansOf(t, []).length, 2);
    assert.equal(spansOf(t, [], { share: 0 }).length, 0);
    assert.equal(spansOf(t, [`traceparent: 00-${TRACE}-${SPAN}-00`]).length, 0);
  });

  test('is not begun for what sends spans', (t) => assert.deepEqual(spansOf(t, ['User-Agent: sluice-otlp']), []));
});
