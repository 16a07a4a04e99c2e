import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tracesSchema } from './traces.ts';

test('traces are off by default, and all of them are recorded where they are on', () => {
  const { endpoint, sample, follow_parent, batch, queue, every, timeout } = tracesSchema.parse(undefined);
  assert.deepEqual([endpoint, sample, follow_parent], [null, 1, true]);
  assert.deepEqual([batch, queue, every, timeout], [512, 2048, 5_000, 10_000]);
});

test('a collector has one path for traces, unless another is said', () => {
  const endpointOf = (endpoint: string): string | null => tracesSchema.parse({ endpoint }).endpoint;
  assert.equal(endpointOf('http://c:4318'), 'http://c:4318/v1/traces');
  assert.equal(endpointOf('https://c:4318/'), 'https://c:4318/v1/traces');
  assert.equal(endpointOf('https://c/otlp/v1/traces?x=1'), 'https://c/otlp/v1/traces?x=1');
});

test('what cannot be is refused', () => {
  for (const wrong of [
    { endpoint: 'c:4318' },
    { endpoint: 'grpc://c:4317' },
    { endpoint: 'http://user:pass@c' },
    { sample: 2 },
    { sample: 'often' },
    { queue: 0 },
    { protocol: 'grpc' },
    { compression: 'zstd' },
    { headers: { 'a b': 'c' } },
    { sampler: 'always_on' },
  ]) {
    assert.ok(!tracesSchema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
