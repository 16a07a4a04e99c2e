import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRecorder } from './metrics-recorder.ts';
import { passthroughFamilies } from './passthrough-families.ts';

test('each number has a slot of its own', () => {
  const { open, connections } = passthroughFamilies(new MetricsRecorder());
  assert.equal(new Set([open, connections('passed'), connections('unreachable')]).size, 3);
});
