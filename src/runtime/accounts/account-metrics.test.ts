import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import { renderPrometheus } from '../../telemetry/prometheus.ts';
import { accountFamilies } from './account-metrics.ts';

test('the metrics of accounts tell their state, and when a login runs out', () => {
  const view = new MetricsView();
  const quota = [{ window: '5h', left: 0.25, limit: null, remaining: null, resetsAtMs: 60_000, minutes: null }];
  const used = { retryAtMs: null, weight: 1, requests: 7, active: 0, quota };
  const store = {
    provider: 'claude',
    id: 'mine',
    kind: 'store',
    file: '/a',
    reason: null,
    isOpen: false,
    ...used,
  } as const;
  const key = { ...store, provider: 'chatgpt', id: '1', kind: 'api_key', file: null, quota: [], requests: 0 } as const;
  view.include(() =>
    accountFamilies([
      { ...store, state: 'expiring', expiresAtMs: 5_000 },
      { ...key, state: 'cooling', expiresAtMs: null },
    ]),
  );
  const lines = renderPrometheus(view)
    .split('\n')
    .filter((line) => line.startsWith('sluice_ai_account'));
  const told = [
    'sluice_ai_account_expiry_timestamp_seconds{account="mine",provider="claude"} 5',
    'sluice_ai_account_quota_left_ratio{account="mine",provider="claude",window="5h"} 0.25',
    'sluice_ai_account_quota_reset_timestamp_seconds{account="mine",provider="claude",window="5h"} 60',
    'sluice_ai_account_requests_total{account="1",provider="chatgpt"} 0',
    'sluice_ai_account_requests_total{account="mine",provider="claude"} 7',
  ];
  const states = [
    ['1', 'chatgpt', 'cooling'],
    ['mine', 'claude', 'expiring'],
  ].flatMap(([account, provider, is]) =>
    ['auth_failed', 'cooling', 'dead', 'expiring', 'ok'].map((state) => {
      const value = state === is ? 1 : 0;
      return `sluice_ai_account_state{account="${account}",provider="${provider}",state="${state}"} ${value}`;
    }),
  );
  assert.deepEqual(lines.toSorted(), [...told, ...states]);
});
