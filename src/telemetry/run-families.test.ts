import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRecorder } from './metrics-recorder.ts';
import { runFamilies } from './run-families.ts';

test('programs are counted by service and by what ended them', () => {
  const recorder = new MetricsRecorder();
  const families = runFamilies(recorder, { service: 'exec' });
  families.ended('exit');
  const names = recorder.definitions.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
  assert.ok(names.includes('sluice_processes_running {"service":"exec"}'));
  assert.ok(names.includes('sluice_processes_total {"service":"exec","reason":"exit"}'));
});
