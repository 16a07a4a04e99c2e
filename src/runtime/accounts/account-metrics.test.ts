import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import { renderPrometheus } from '../../telemetry/prometheus.ts';
import { accountFamilies } from './account-metrics.ts';

test('the metrics of accounts tell their state, and when a login runs out', () => {
  const view = new MetricsView();
  const store = { provider: 'claude', id: 'mine', kind: 'store', file: '/a', reason: null, isOpen: false } as const;
  const key = { ...store, provider: 'chatgpt', id: '1', kind: 'api_key', file: null } as const;
  view.include(() =>
    accountFamilies([
      { ...store, state: 'expiring', expiresAtMs: 5_000 },
      { ...key, state: 'ok', expiresAtMs: null },
    ]),
  );
  const lines = renderPrometheus(view)
    .split('\n')
    .filter((line) => line.startsWith('sluice_ai_account'));
  assert.deepEqual(lines.toSorted(), [
    'sluice_ai_account_expiry_timestamp_seconds{account="mine",provider="claude"} 5',
    'sluice_ai_account_state{account="1",provider="chatgpt",state="dead"} 0',
    'sluice_ai_account_state{account="1",provider="chatgpt",state="expiring"} 0',
    'sluice_ai_account_state{account="1",provider="chatgpt",state="ok"} 1',
    'sluice_ai_account_state{account="mine",provider="claude",state="dead"} 0',
    'sluice_ai_account_state{account="mine",provider="claude",state="expiring"} 1',
    'sluice_ai_account_state{account="mine",provider="claude",state="ok"} 0',
  ]);
});
