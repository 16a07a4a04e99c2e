import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scan } from '../../config/schema/policies-scan.ts';
import type { BodySink } from '../../contract/policy.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { EditableFields } from '../../engine/fields.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { ConfiguredScans } from './assemble-scan.ts';

test('scanning does as it is configured', () => {
  const parts = { recorder: new MetricsRecorder(), log: () => {}, threads: 3 };
  const scans = new ConfiguredScans(parts, 5000);
  const sink = {} as BodySink;
  const fields = new EditableFields();
  fields.append('Content-Length', '2000');
  const exchange = {
    door: 'gateway',
    client: {},
    request: { method: 'POST', hasBody: true, fields },
    response: { status: 200, fields: new EditableFields() },
  } as unknown as Exchange;
  for (const [settings, request, response] of [
    [{}, true, true],
    [{ requests: false }, false, true],
    [{ responses: false }, true, false],
    [{ max_size: 1000, on_error: 'allow' }, false, true],
  ] as const) {
    const policy = scans.policy(scan.parse({ clamd: 'unix:/nowhere', ...settings }));
    policy.request?.(exchange);
    const made = [policy.requestBody?.(exchange, sink), policy.responseBody?.(exchange, sink)];
    assert.deepEqual(
      made.map((body) => body !== null),
      [request, response],
      JSON.stringify(settings),
    );
  }
});
