import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SPAN_KIND } from './span.ts';

test('kinds of spans have the numbers that OTLP gives them', () => {
  assert.deepEqual(SPAN_KIND, { server: 2, client: 3 });
});
