// A collector of OpenTelemetry as a test needs one: it takes spans by OTLP over HTTP in JSON, and is strict about what it takes. Rule:
// what the JSON of OTLP does not allow fails the test, with the place.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';

export interface ReadSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has none. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly string[];
  /** Empty: it is fine. */
  readonly error: string;
}

const SPAN_KEYS = new Set([
  'traceId',
  'spanId',
  'parentSpanId',
  'traceState',
  'flags',
  'name',
  'kind',
  'startTimeUnixNano',
  'endTimeUnixNano',
  'attributes',
  'events',
  'status',
]);

type Json = Readonly<Record<string, unknown>>;

export class TraceCollector {
  readonly spans: ReadSpan[] = [];
  readonly resources: Readonly<Record<string, unknown>>[] = [];
  readonly heads: http.IncomingHttpHeaders[] = [];
  /** What was wrong with what came; to be looked at by the test. */
  readonly faults: unknown[] = [];
  url = '';
  #wake: () => void = () => {};

  static async open(t: TestContext): Promise<TraceCollector> {
    const collector = new TraceCollector();
    const server = http.createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        try {
          collector.#take(request, Buffer.concat(parts));
          response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"partialSuccess":{}}');
        } catch (fault) {
          collector.faults.push(fault);
          response.writeHead(400).end();
        }
        collector.#wake();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    collector.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return collector;
  }

  /** Resolves when so many spans have come. */
  async until(count: number): Promise<readonly ReadSpan[]> {
    while (this.spans.length < count) {
      assert.deepEqual(this.faults, []);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.spans;
  }

  #take(request: http.IncomingMessage, bytes: Buffer): void {
    assert.equal(request.method, 'POST');
    assert.equal(request.url, '/v1/traces');
    assert.equal(request.headers['content-type'], 'application/json');
    this.heads.push(request.headers);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
    const body = JSON.parse(text) as {
      resourceSpans: { resource: Json; scopeSpans: { scope: Json; spans: Json[] }[] }[];
    };
    onlyKeys(body, ['resourceSpans']);
    for (const { resource, scopeSpans } of body.resourceSpans) {
      this.resources.push(readAttributes(resource['attributes']));
      for (const { scope, spans } of scopeSpans) {
        assert.equal(scope['name'], 'sluice');
        this.spans.push(...spans.map(readSpan));
      }
    }
  }
}

/** A span from the text that a thread hands over. */
export function readSpanText(text: string): ReadSpan {
  return readSpan(JSON.parse(text) as Json);
}

function readSpan(span: Json): ReadSpan {
  onlyKeys(span, [...SPAN_KEYS]);
  const { traceId, spanId, parentSpanId = '', traceState = '', name, kind, flags, status } = span;
  assert.match(String(traceId), /^(?!0+$)[0-9a-f]{32}$/);
  assert.match(String(spanId), /^(?!0+$)[0-9a-f]{16}$/);
  if (parentSpanId !== '') assert.match(String(parentSpanId), /^(?!0+$)[0-9a-f]{16}$/);
  assert.ok(typeof name === 'string' && name !== '');
  assert.ok(kind === 2 || kind === 3, `kind ${String(kind)}`);
  assert.ok(typeof flags === 'number' && (flags & 1) === 1, 'what is sent was to be recorded');
  const startNs = readNanos(span['startTimeUnixNano']);
  const endNs = readNanos(span['endTimeUnixNano']);
  assert.ok(startNs <= endNs, 'it ends after it began');
  const { code = 0, message = '' } = status as { code?: number; message?: string };
  assert.ok(code === 0 || code === 2, `status ${code}`);
  const events = (span['events'] ?? []) as Json[];
  for (const event of events) readNanos(event['timeUnixNano']);
  return {
    traceId: String(traceId),
    spanId: String(spanId),
    parentSpanId: String(parentSpanId),
    traceState: String(traceState),
    name,
    kind: kind === 2 ? 'server' : 'client',
    startNs,
    endNs,
    attributes: readAttributes(span['attributes']),
    events: events.map((event) => String(event['name'])),
    error: code === 2 ? message || 'error' : '',
  };
}

/** Numbers of 64 bits are texts in the JSON of protobuf. */
function readNanos(value: unknown): bigint {
  assert.match(String(value), /^\d{18,19}$/);
  assert.equal(typeof value, 'string');
  return BigInt(String(value));
}

function readAttributes(list: unknown): Record<string, string | number | boolean> {
  assert.ok(Array.isArray(list));
  const read: Record<string, string | number | boolean> = {};
  for (const { key, value } of list as { key: string; value: Json }[]) {
    assert.ok(typeof key === 'string' && key !== '' && !(key in read), `the key ${key}`);
    const [[kind, content]] = Object.entries(value) as [[string, unknown]];
    assert.equal(Object.keys(value).length, 1);
    if (kind === 'intValue') assert.match(String(content), /^-?\d+$/);
    const type = { stringValue: 'string', boolValue: 'boolean', doubleValue: 'number', intValue: 'string' }[kind];
    assert.equal(typeof content, type);
    read[key] = kind === 'intValue' ? Number(content) : (content as string | number | boolean);
  }
  return read;
}

function onlyKeys(value: object, keys: readonly string[]): void {
  assert.deepEqual(
    Object.keys(value).filter((key) => !keys.includes(key)),
    [],
  );
}
