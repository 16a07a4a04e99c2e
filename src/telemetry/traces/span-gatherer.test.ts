// How the spans of a thread are handed over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Span, SPAN_KIND } from './span.ts';
import { SpanGatherer } from './span-gatherer.ts';

const SPAN: Span = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: '',
  traceState: '',
  flags: 1,
  hasRemoteParent: false,
  name: 'GET',
  kind: SPAN_KIND.server,
  startMs: 0,
  endMs: 0,
  attributes: [],
  events: [],
  error: '',
};

test('spans are handed over together, soon', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const batches: number[] = [];
  const gatherer = new SpanGatherer((spans) => batches.push(spans.length));
  gatherer.add(SPAN);
  gatherer.add(SPAN);
  assert.deepEqual(batches, []);
  t.mock.timers.tick(250);
  assert.deepEqual(batches, [2]);
  t.mock.timers.tick(1000);
  assert.deepEqual(batches, [2]);
});

test('many at once do not wait, and what is left goes with a flush', () => {
  const batches: number[] = [];
  const gatherer = new SpanGatherer((spans) => batches.push(spans.length));
  for (let i = 0; i < 130; i++) gatherer.add(SPAN);
  assert.deepEqual(batches, [128]);
  gatherer.flush();
  gatherer.flush();
  assert.deepEqual(batches, [128, 2]);
});
