// How spans are written for a collector.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJson, spanJson } from './otlp-json.ts';
import { type Span, SPAN_KIND } from './span.ts';

const SPAN: Span = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: '',
  traceState: '',
  flags: 1,
  hasRemoteParent: false,
  name: 'GET /a',
  kind: SPAN_KIND.server,
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_000 + 1.999_999_9,
  attributes: [
    ['url.path', '/a"b'],
    ['http.response.status_code', 200],
    ['sluice.phase.wait_ms', { fraction: 2 }],
    ['tls', true],
  ],
  events: [],
  error: '',
};

test('a span is written as OTLP has it: numbers of nanoseconds and of 64 bits are texts', () => {
  assert.deepEqual(JSON.parse(spanJson(SPAN)), {
    traceId: SPAN.traceId,
    spanId: SPAN.spanId,
    flags: 257,
    name: 'GET /a',
    kind: 2,
    startTimeUnixNano: '1700000000000250000',
    endTimeUnixNano: '1700000000002000000',
    attributes: [
      { key: 'url.path', value: { stringValue: '/a"b' } },
      { key: 'http.response.status_code', value: { intValue: '200' } },
      { key: 'sluice.phase.wait_ms', value: { doubleValue: 2 } },
      { key: 'tls', value: { boolValue: true } },
    ],
    status: {},
  });
});

test('a parent, its state, an error and events are said where there are any', () => {
  const events = [{ name: 'head', atMs: 1_700_000_000_001 }];
  const more = {
    parentSpanId: 'aaaaaaaaaaaaaaaa',
    traceState: 'a=1',
    hasRemoteParent: true,
    events,
    error: 'upstream_reset',
  };
  const written = JSON.parse(spanJson({ ...SPAN, ...more })) as Record<string, unknown>;
  assert.equal(written['parentSpanId'], 'aaaaaaaaaaaaaaaa');
  assert.equal(written['traceState'], 'a=1');
  assert.equal(written['flags'], 0x3_01);
  assert.deepEqual(written['events'], [{ timeUnixNano: '1700000000001000000', name: 'head' }]);
  assert.deepEqual(written['status'], { code: 2, message: 'upstream_reset' });
});

test('a span that would end before it began ends with its beginning', () => {
  const written = JSON.parse(spanJson({ ...SPAN, endMs: 0 })) as Record<string, unknown>;
  assert.equal(written['endTimeUnixNano'], written['startTimeUnixNano']);
});

test('many spans go out under one resource', () => {
  const text = exportJson([['service.name', 'edge']], '1.0.0', [spanJson(SPAN), spanJson(SPAN)]);
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: [{ resource: object; scopeSpans: [{ spans: object[] }] }];
  };
  assert.deepEqual(resourceSpans[0].resource, {
    attributes: [{ key: 'service.name', value: { stringValue: 'edge' } }],
  });
  assert.equal(resourceSpans[0].scopeSpans[0].spans.length, 2);
});
