import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import { LimitEvents } from './limit-events.ts';

test('a limit that was hit is told once a second with how often, and an error that is none is not', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const view = new MetricsView();
  const recorder = new MetricsRecorder();
  const count = (name: string, labels: Record<string, string>, times: number): void => {
    const slot = recorder.counter(name, 'Something.', labels);
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + times;
  };
  const errors = 'sluice_http_request_errors_total';
  count(errors, { door: 'gateway', route: 'app', reason: 'too_many_requests' }, 3);
  count(errors, { door: 'gateway', route: 'app', reason: 'upstream_timeout' }, 5);
  count('sluice_connections_refused_total', { door: 'egress' }, 1);
  count('sluice_ai_refusals_total', { user: 'ann', limit: 'requests per day' }, 2);
  view.attach(recorder.slab, recorder.definitions);
  const told: unknown[] = [];
  const events = new LimitEvents(view, ({ kind, fields }) => told.push([kind, fields]));
  events.start();
  t.after(() => events.stop());
  const app = { limit: 'too_many_requests', door: 'gateway', route: 'app' };
  assert.deepEqual(told.splice(0), [
    ['limit', { ...app, times: 3 }],
    ['limit', { limit: 'connections', door: 'egress', times: 1 }],
    ['limit', { limit: 'requests per day', user: 'ann', times: 2 }],
  ]);
  t.mock.timers.tick(1000);
  assert.deepEqual(told, []);
  count(errors, { door: 'gateway', route: 'app', reason: 'too_many_requests' }, 4);
  t.mock.timers.tick(1000);
  assert.deepEqual(told, [['limit', { ...app, times: 4 }]]);
});
