import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageRecord } from '../../services/usage/usage-record.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { countedUsage } from './usage-telemetry.ts';

const RECORD: UsageRecord = {
  atMs: 1,
  provider: 'claude',
  user: 'ann',
  account: '',
  model: 'm-1',
  session: '',
  isKnown: true,
  input: 1,
  output: 20,
  cacheRead: 300,
  cacheWrite: 4000,
};

test('what was used is counted by model and kind of token, and told', () => {
  const recorder = new MetricsRecorder();
  const told: UsageRecord[] = [];
  const tell = countedUsage(recorder, (record) => told.push(record));
  const unknown = { ...RECORD, isKnown: false };
  const cached: UsageRecord = { ...RECORD, isCached: true };
  const all = [RECORD, RECORD, unknown, cached];
  for (const record of all) tell(record);
  assert.deepEqual(told, all);
  const counted = recorder.definitions.map(({ labels, slot }) => [
    Object.values(labels).join(' '),
    recorder.slots[slot],
  ]);
  assert.deepEqual(counted, [
    ['claude known', 2],
    ['claude m-1 input', 2],
    ['claude m-1 output', 40],
    ['claude m-1 cache_read', 600],
    ['claude m-1 cache_write', 8000],
    ['claude unknown', 1],
    ['claude cached', 1],
  ]);
});

test('models beyond a hundred are counted as one', () => {
  const recorder = new MetricsRecorder();
  const tell = countedUsage(recorder, () => {});
  for (let i = 0; i < 200; i += 1) tell({ ...RECORD, model: `m-${i}` });
  const models = new Set(recorder.definitions.map(({ labels }) => labels['model']).filter(Boolean));
  assert.equal(models.size, 101);
  assert.ok(models.has('other'));
});
