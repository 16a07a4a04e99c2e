import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import { degradedUses } from './degraded-uses.ts';
import { stateWatch } from './state-watch.ts';

test('a use does without the shared state as soon as one thread does, and is named once', () => {
  const view = new MetricsView();
  const watches = [1, 2].map(() => {
    const recorder = new MetricsRecorder();
    const watch = stateWatch(recorder, 'limits', true);
    view.attach(recorder.slab, recorder.definitions);
    return watch;
  });
  assert.deepEqual(degradedUses(view), []);
  for (const watch of watches) watch.degraded(true);
  assert.deepEqual(degradedUses(view), ['limits']);
});
