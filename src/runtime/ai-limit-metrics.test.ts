import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsView } from '../telemetry/metrics-view.ts';
import { renderPrometheus } from '../telemetry/prometheus.ts';
import { aiLimitFamilies } from './ai-limit-metrics.ts';

test('each limit of each user has what is used and what may be', () => {
  const none = { providers: null, models: null };
  const view = new MetricsView();
  view.include(() =>
    aiLimitFamilies([
      {
        ...none,
        user: 'ann',
        limits: [
          { key: 'ai_streams', most: 4, used: 1, freeAtMs: null },
          { key: 'ai_cost_per_day', most: 5, used: 0.5, freeAtMs: 1 },
        ],
      },
      { ...none, user: 'bob', limits: [] },
    ]),
  );
  const lines = renderPrometheus(view).split('\n');
  assert.deepEqual(lines.filter((line) => line.startsWith('sluice_ai_limit')).toSorted(), [
    'sluice_ai_limit_most{limit="ai_cost_per_day",user="ann"} 5',
    'sluice_ai_limit_most{limit="ai_streams",user="ann"} 4',
    'sluice_ai_limit_used{limit="ai_cost_per_day",user="ann"} 0.5',
    'sluice_ai_limit_used{limit="ai_streams",user="ann"} 1',
  ]);
});
