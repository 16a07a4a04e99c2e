import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { compress } from '../../config/schema/policies-compress.ts';
import type { BodySink } from '../../contract/policy.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { EditableFields } from '../../engine/fields.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { assembleCompress } from './assemble-compress.ts';

test('compression does as it is configured, and counts what it has done', () => {
  const recorder = new MetricsRecorder();
  const policy = assembleCompress(compress.parse({ encodings: ['gzip'], min_size: 4 }), recorder);
  const request = { fields: new EditableFields() };
  const response = { status: 200, fields: new EditableFields() };
  request.fields.append('Accept-Encoding', 'zstd, gzip');
  response.fields.append('Content-Type', 'text/plain');
  response.fields.append('Content-Length', '4');
  const exchange = { request, response } as unknown as Exchange;
  const out: Buffer[] = [];
  const sink = { write: (bytes: Buffer) => out.push(Buffer.from(bytes)), end: () => {} } as unknown as BodySink;
  policy.response?.(exchange);
  const body = policy.responseBody?.(exchange, sink) ?? assert.fail('the answer is not compressed');
  body.write(Buffer.from('text'), 0, 4);
  body.end();
  const bytes = Buffer.concat(out);
  assert.equal(gunzipSync(bytes).toString(), 'text');
  const counted = (name: string): number | undefined => {
    const series = recorder.definitions.find((each) => each.name === name && each.labels['encoding'] === 'gzip');
    return recorder.slots[series?.slot ?? 0];
  };
  assert.equal(counted('sluice_compress_input_bytes_total'), 4);
  assert.equal(counted('sluice_compress_output_bytes_total'), bytes.length);
});
