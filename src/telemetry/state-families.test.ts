import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRecorder } from './metrics-recorder.ts';
import { DEGRADED, stateFamilies } from './state-families.ts';

test('what is asked of the shared state is counted by what for', () => {
  const recorder = new MetricsRecorder();
  const [limits, cache] = [stateFamilies(recorder, 'limits'), stateFamilies(recorder, 'cache')];
  assert.notEqual(limits.operations, cache.operations);
  assert.deepEqual(stateFamilies(recorder, 'limits'), limits);
  const uses = recorder.definitions.filter(({ name }) => name === DEGRADED).map(({ labels }) => labels['use']);
  assert.deepEqual(uses, ['limits', 'cache']);
});
