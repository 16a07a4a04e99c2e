import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRecorder } from './metrics-recorder.ts';
import { tunnelFamilies } from './tunnel-families.ts';

test('names of tunnels and accounts are no labels', () => {
  const recorder = new MetricsRecorder();
  const families = tunnelFamilies(recorder);
  assert.equal(new Set(Object.values(families)).size, Object.keys(families).length);
  const labels = new Set(recorder.definitions.flatMap((each) => Object.keys(each.labels)));
  assert.deepEqual([...labels], ['direction']);
});
