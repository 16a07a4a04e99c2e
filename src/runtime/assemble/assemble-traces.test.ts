import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tracesSchema } from '../../config/schema/traces.ts';
import { SpanGatherer } from '../../telemetry/traces/span-gatherer.ts';
import { tracerOf } from './assemble-traces.ts';

test('without a collector there is no tracer', () => {
  const spans = new SpanGatherer(() => {});
  assert.equal(tracerOf(tracesSchema.parse({}), spans), null);
  assert.notEqual(tracerOf(tracesSchema.parse({ endpoint: 'http://c' }), spans), null);
});
