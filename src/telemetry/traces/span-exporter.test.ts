// Spans on their way to a collector that takes them, is busy, is away, or does not want them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type DropReason, type ExportSettings, SpanExporter } from './span-exporter.ts';

interface Heard {
  sent: number;
  readonly dropped: [number, DropReason][];
  readonly said: string[];
}

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

interface Stage {
  readonly settings: ExportSettings;
  readonly heard: Heard;
  readonly bodies: { headers: http.IncomingHttpHeaders; spans: unknown[] }[];
  open(more?: Partial<ExportSettings>): SpanExporter;
}

const PATIENCE = { firstMs: 1, longestMs: 2, attempts: 3 };

async function stage(t: TestContext, answer: Answer): Promise<Stage> {
  const bodies: Stage['bodies'] = [];
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const bytes = Buffer.concat(parts);
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
      const body = JSON.parse(text) as { resourceSpans: [{ scopeSpans: [{ spans: unknown[] }] }] };
      bodies.push({ headers: request.headers, spans: body.resourceSpans[0].scopeSpans[0].spans });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const settings: ExportSettings = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    headers: { 'X-Tenant': 'a' },
    timeoutMs: 5_000,
    compression: 'gzip',
    ca: null,
    resource: [['service.name', 'sluice']],
    version: '1.0.0',
    room: 4,
    batch: 3,
    everyMs: 60_000,
  };
  const heard: Heard = { sent: 0, dropped: [], said: [] };
  const ears = {
    sent: (spans: number) => void (heard.sent += spans),
    dropped: (spans: number, reason: DropReason) => void heard.dropped.push([spans, reason]),
    troubled: (reason: string) => void heard.said.push(reason),
    recovered: () => void heard.said.push('recovered'),
  };
  return { settings, heard, bodies, open: (more = {}) => new SpanExporter({ ...settings, ...more }, ears, PATIENCE) };
}

const ok: Answer = (_, response) => void response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');

test('spans go out together, compressed, with the fields that were asked for, and are not to be traced', async (t) => {
  const { open, bodies, heard } = await stage(t, ok);
  const exporter = open();
  exporter.take(['{"a":1}', '{"a":2}']);
  assert.equal(exporter.waiting, 2);
  await exporter.close();
  assert.deepEqual(bodies[0]?.spans, [{ a: 1 }, { a: 2 }]);
  assert.equal(bodies[0].headers['x-tenant'], 'a');
  assert.equal(bodies[0].headers['content-type'], 'application/json');
  assert.match(String(bodies[0].headers['traceparent']), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  assert.equal(heard.sent, 2);
});

test('there is room for so many, and the rest is dropped and counted', async (t) => {
  const { open, heard, bodies } = await stage(t, ok);
  const exporter = open({ batch: 10, compression: 'none' });
  exporter.take(['{}', '{}', '{}', '{}', '{}', '{}']);
  assert.deepEqual(heard.dropped, [[2, 'queue_full']]);
  await exporter.close();
  assert.equal(bodies.length, 1);
  assert.equal(heard.sent, 4);
});

test('a collector that is busy is asked again after the time that it asks for', async (t) => {
  let asked = 0;
  const { open, heard, bodies } = await stage(t, (request, response) => {
    asked++;
    if (asked === 1) response.writeHead(429, { 'Retry-After': '0' }).end();
    else if (asked === 2) response.writeHead(503).end('{"message":"full"}');
    else ok(request, response);
  });
  const exporter = open();
  exporter.take(['{}']);
  await exporter.flush();
  assert.equal(bodies.length, 3);
  assert.equal(heard.sent, 1);
  assert.deepEqual(heard.said, ['the collector answered 429', 'recovered']);
  await exporter.close();
});

test('a collector that stays away costs the batch, is complained of once, and nobody waits for long at the end', async (t) => {
  const { open, heard } = await stage(t, (_, response) => void response.destroy());
  const exporter = open();
  exporter.take(['{}', '{}']);
  await exporter.flush();
  assert.deepEqual(heard.dropped, [[2, 'unreachable']]);
  assert.equal(heard.said.length, 1);
  exporter.take(['{}']);
  await exporter.close();
  assert.deepEqual(heard.dropped.at(-1), [1, 'unreachable']);
});

test('what a collector does not want is not sent again', async (t) => {
  const { open, heard, bodies } = await stage(t, (_, response) => {
    response.writeHead(400).end('{"message":"no such tenant"}');
  });
  const exporter = open();
  exporter.take(['{}']);
  await exporter.close();
  assert.equal(bodies.length, 1);
  assert.deepEqual(heard.dropped, [[1, 'refused']]);
  assert.deepEqual(heard.said, ['the collector answered 400: no such tenant']);
});

test('what a collector takes in part is counted in part', async (t) => {
  const { open, heard } = await stage(t, (_, response) => {
    response.end('{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}');
  });
  const exporter = open();
  exporter.take(['{}', '{}']);
  await exporter.close();
  assert.equal(heard.sent, 1);
  assert.deepEqual(heard.dropped, [[1, 'refused']]);
});

test('a collector that does not answer is given up in time', async (t) => {
  const { open, heard } = await stage(t, () => {});
  const exporter = open({ timeoutMs: 20 });
  exporter.take(['{}']);
  await exporter.close();
  assert.deepEqual(heard.dropped, [[1, 'unreachable']]);
  assert.match(heard.said[0] ?? '', /did not answer within 0\.02 s/);
});
