import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../contract/exchange.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { Occurrence } from '../../telemetry/throttled-log.ts';
import { scanEars } from './scan-telemetry.ts';

const exchange = { id: 'abc', door: 'gateway', route: 'files', client: { address: '192.0.2.7' } } as Exchange;

test('what has come of scans is counted, and what went wrong is noted', () => {
  const recorder = new MetricsRecorder();
  const notes: Occurrence[] = [];
  const ears = scanEars(recorder, { warn: (occurrence) => void notes.push(occurrence) });
  ears.clean(exchange, 'request', 20);
  ears.clean(exchange, 'request', 20);
  ears.infected(exchange, 'response', 'Name');
  ears.failed(exchange, 'response', { reason: 'encoded', detail: 'it is encoded with br', passes: true });
  ears.failed(exchange, 'response', { reason: 'timeout', detail: 'clamd was late', passes: false });
  ears.skipped(exchange);
  const counted = recorder.definitions
    .filter(({ name }) => name.endsWith('_total'))
    .map(({ name, labels, slot }) => `${name} ${Object.values(labels).join(' ')}: ${recorder.slots[slot]}`);
  assert.deepEqual(counted, [
    'sluice_scans_total gateway request clean: 2',
    'sluice_scans_total gateway response infected: 1',
    'sluice_scans_total gateway response error: 2',
    'sluice_scan_errors_total gateway response encoded: 1',
    'sluice_scan_errors_total gateway response timeout: 1',
    'sluice_scans_total gateway connection skipped: 1',
  ]);
  const where = { request_id: 'abc', door: 'gateway', route: 'files', 'client.address': '192.0.2.7' };
  assert.deepEqual(
    notes.map(({ message, fields }) => [message, fields]),
    [
      ['infected content was stopped', { ...where, direction: 'response', signature: 'Name' }],
      [
        'content was let through without a scan',
        { ...where, direction: 'response', reason: 'encoded', detail: 'it is encoded with br' },
      ],
      [
        'content was refused, for it was not scanned',
        { ...where, direction: 'response', reason: 'timeout', detail: 'clamd was late' },
      ],
    ],
  );
  assert.equal(new Set(notes.map(({ key }) => key)).size, 3);
});
