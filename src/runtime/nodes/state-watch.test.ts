import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import { degradedUses } from './degraded-uses.ts';
import { stateWatch } from './state-watch.ts';

test('operations, errors and who does without are recorded by what was asked last', () => {
  const recorder = new MetricsRecorder();
  const view = new MetricsView();
  const [cache, limits] = [stateWatch(recorder, 'cache'), stateWatch(recorder, 'limits', true)];
  view.attach(recorder.slab, recorder.definitions);
  cache.ended(2, true);
  cache.ended(50, false);
  limits.ended(50, false);
  const totals = ['operations_total', 'errors_total', 'degraded'].map((name) => view.total(`sluice_state_${name}`));
  assert.deepEqual(totals, [3, 2, 1]);
  assert.deepEqual(degradedUses(view), ['cache']);
  limits.degraded(true);
  cache.ended(1, true);
  assert.deepEqual(degradedUses(view), ['limits']);
  cache.turned(false);
  assert.deepEqual(degradedUses(view), ['cache', 'limits']);
  cache.turned(true);
  limits.turned(true);
  assert.deepEqual(degradedUses(view), ['limits']);
});

test('a failure is forgotten after a while, and that there is no connection is not', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const recorder = new MetricsRecorder();
  const view = new MetricsView();
  const cache = stateWatch(recorder, 'cache');
  view.attach(recorder.slab, recorder.definitions);
  cache.ended(50, false);
  t.mock.timers.tick(20_000);
  assert.deepEqual(degradedUses(view), []);
  cache.ended(50, false);
  cache.turned(false);
  t.mock.timers.tick(20_000);
  assert.deepEqual(degradedUses(view), ['cache']);
});
