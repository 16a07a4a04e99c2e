// The exporter that a configuration asks for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceCollector } from '../../../test/support/trace-collector.ts';
import { tracesSchema } from '../../config/schema/traces.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { spanJson } from '../../telemetry/traces/otlp-json.ts';
import { SPAN_KIND } from '../../telemetry/traces/span.ts';
import { TraceExport } from './trace-export.ts';

const SPAN = spanJson({
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: '',
  traceState: '',
  flags: 1,
  hasRemoteParent: false,
  name: 'GET',
  kind: SPAN_KIND.server,
  startMs: 1_700_000_000_000,
  endMs: 1_700_000_000_001,
  attributes: [],
  events: [],
  error: '',
});

function stage(): { traces: TraceExport; series: () => string[]; said: string[] } {
  const recorder = new MetricsRecorder();
  const said: string[] = [];
  const say = (_: unknown, message?: string): void => void said.push(String(message));
  const traces = new TraceExport(recorder, { warn: say, info: say, error: say });
  return {
    traces,
    said,
    series: () => recorder.definitions.map(({ name }) => name).filter((name) => /trace/.test(name)),
  };
}

test('nothing is sent and nothing counted while nothing is traced', async () => {
  const { traces, series } = stage();
  traces.follow(tracesSchema.parse({}));
  traces.take([SPAN]);
  traces.collect();
  await traces.close();
  assert.deepEqual(series(), []);
});

test('a collector gets what was taken, also when another configuration comes, and is told who we are', async (t) => {
  const collector = await TraceCollector.open(t);
  const { traces, series } = stage();
  traces.follow(tracesSchema.parse({ endpoint: collector.url, service_name: 'a', resource: { zone: 'x' } }));
  traces.take([SPAN]);
  traces.follow(tracesSchema.parse({ endpoint: collector.url, service_name: 'b' }));
  traces.take([SPAN]);
  await traces.close();
  assert.equal(collector.spans.length, 2);
  assert.deepEqual(new Set(collector.resources.map((each) => each['service.name'])), new Set(['a', 'b']));
  assert.ok(collector.resources.some((each) => each['zone'] === 'x' && each['process.pid'] === process.pid));
  assert.ok(series().includes('sluice_trace_spans_exported_total'));
});

test('certificates that cannot be read are told, and nothing is sent', async () => {
  const { traces, said } = stage();
  traces.follow(tracesSchema.parse({ endpoint: 'https://127.0.0.1:9', ca: '/nowhere/ca.pem' }));
  assert.match(said[0] ?? '', /certificates for the collector/);
  await traces.close();
});
