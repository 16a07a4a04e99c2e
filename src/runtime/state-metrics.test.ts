import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageState } from '../services/usage/usage-book.ts';
import { MetricsView } from '../telemetry/metrics-view.ts';
import { renderPrometheus } from '../telemetry/prometheus.ts';
import { stateFamilies } from './state-metrics.ts';

function shown(state: UsageState): string[] {
  const view = new MetricsView();
  view.include(() => stateFamilies(state));
  return renderPrometheus(view)
    .split('\n')
    .filter((line) => /^sluice_(?:state|ai_usage)/.test(line))
    .toSorted();
}

test('the metrics of the state tell whether Redis is reached, and what waits for it', () => {
  assert.deepEqual(shown({ server: 'redis://a', isUp: false, waitingRows: 7, lostRows: 2 }), [
    'sluice_ai_usage_lost_total 2',
    'sluice_state_up 0',
    'sluice_state_waiting_records 7',
  ]);
  assert.deepEqual(shown({ server: null, isUp: true, waitingRows: 0, lostRows: 0 }), ['sluice_ai_usage_lost_total 0']);
});
