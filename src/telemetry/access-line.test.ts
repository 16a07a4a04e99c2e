import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { accessFormatter } from './access-line.ts';
import type { AccessRecord } from './access-record.ts';

const RECORD: AccessRecord = {
  timeMs: Date.UTC(2026, 10, 20, 15, 51, 16, 7),
  durationMs: 1.2344,
  clientAddress: '203.0.113.7',
  door: 'gateway',
  route: 'api',
  method: 'GET',
  host: 'api.example.com:8080',
  target: '/a/b?page=2&token=abc',
  protocol: 'HTTP/1.1',
  status: 200,
  bytesReceived: 0,
  bytesSent: 1234,
  requestId: 'r-1',
  userAgent: 'curl/8',
  referer: 'https://example.com/?code=abc',
  user: 'alice',
  upstream: 'http://10.0.0.1:3000',
  upstreamDurationMs: 0.05,
  errorCode: null,
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};

const jsonOf = (record: Partial<AccessRecord>): Record<string, unknown> =>
  JSON.parse(accessFormatter('json')({ ...RECORD, ...record })) as Record<string, unknown>;

/** All of Latin-1 with its control characters, and what lies beyond: line separators, direction marks, halves of pairs. */
const anyChar = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  fc.constantFrom('"', '\\', '\n', '\u2028', '\u202e', '\u2066', '\ud800', '€', '😀'),
);

describe('a line of JSON', () => {
  test('has OpenTelemetry names, and is redacted', () => {
    assert.deepEqual(jsonOf({}), {
      log: 'access',
      timestamp: '2026-11-20T15:51:16.007Z',
      'client.address': '203.0.113.7',
      door: 'gateway',
      route: 'api',
      'http.request.method': 'GET',
      'server.address': 'api.example.com:8080',
      'url.path': '/a/b',
      'url.query': 'page=2&token=***',
      'network.protocol.version': '1.1',
      'http.response.status_code': 200,
      'http.request.body.size': 0,
      'http.response.body.size': 1234,
      duration_ms: 1.234,
      upstream: 'http://10.0.0.1:3000',
      upstream_duration_ms: 0.05,
      'user_agent.original': 'curl/8',
      'http.request.header.referer': 'https://example.com/?code=***',
      'user.name': 'alice',
      request_id: 'r-1',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
  });

  test('leaves out what is absent', () => {
    const absent = {
      route: null,
      host: '',
      userAgent: null,
      referer: '',
      user: '',
      upstream: null,
      upstreamDurationMs: -1,
      traceId: null,
    };
    const line = jsonOf({ ...absent, errorCode: 'route_not_found' });
    assert.deepEqual(Object.keys(line), [
      'log',
      'timestamp',
      'client.address',
      'door',
      'http.request.method',
      'url.path',
      'url.query',
      'network.protocol.version',
      'http.response.status_code',
      'http.request.body.size',
      'http.response.body.size',
      'duration_ms',
      'error.type',
      'request_id',
    ]);
    assert.equal(line['error.type'], 'route_not_found');
  });

  test('tells the three forms of target apart', () => {
    assert.equal(jsonOf({ target: '/a' })['url.path'], '/a');
    assert.equal(jsonOf({ target: 'http://u:p@h/a' })['url.full'], 'http://***@h/a');
    assert.equal(jsonOf({ target: 'h:443', method: 'CONNECT' })['url.full'], 'h:443');
  });

  test('writes durations with three decimals, whatever their size', () => {
    const durations = [0, 0.0004, 0.0005, 0.9999, 1, 59.0301, 123456.789];
    const lines = durations.map((durationMs) => accessFormatter('json')({ ...RECORD, durationMs }));
    assert.deepEqual(
      lines.map((line) => /"duration_ms":([\d.]+)/.exec(line)?.[1]),
      ['0.000', '0.000', '0.001', '1.000', '1.000', '59.030', '123456.789'],
    );
  });

  test('names HTTP versions as OpenTelemetry does', () => {
    const versions = (['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0'] as const).map((protocol) => jsonOf({ protocol }));
    assert.deepEqual(
      versions.map((line) => line['network.protocol.version']),
      ['1.0', '1.1', '2'],
    );
  });

  test('masks credentials of an upstream', () => {
    assert.equal(jsonOf({ upstream: 'http://user:pass@10.0.0.1' })['upstream'], 'http://***@10.0.0.1');
  });

  test('is one line that parses to what was sent, whatever that was', () => {
    const text = fc.string({ unit: anyChar, maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, (userAgent, host, route) => {
        const line = accessFormatter('json')({ ...RECORD, userAgent, host, route });
        assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|\n./.test(line));
        const parsed = JSON.parse(line) as Record<string, unknown>;
        assert.equal(parsed['user_agent.original'] ?? '', userAgent);
        assert.equal(parsed['server.address'] ?? '', host);
        assert.equal(parsed['route'] ?? '', route);
      }),
    );
  });
});

describe('a line of the common formats', () => {
  test('common has the seven fields that log analysers expect', () => {
    assert.equal(
      accessFormatter('common')(RECORD),
      '203.0.113.7 - alice [20/Nov/2026:15:51:16 +0000] "GET /a/b?page=2&token=*** HTTP/1.1" 200 1234\n',
    );
  });

  test('combined adds referer and user agent', () => {
    assert.equal(
      accessFormatter('combined')(RECORD),
      '203.0.113.7 - alice [20/Nov/2026:15:51:16 +0000] "GET /a/b?page=2&token=*** HTTP/1.1" 200 1234 "https://example.com/?code=***" "curl/8"\n',
    );
  });

  test('a dash stands for what is absent', () => {
    const line = accessFormatter('combined')({ ...RECORD, bytesSent: 0, referer: null, userAgent: '' });
    assert.ok(line.endsWith('" 200 - "-" "-"\n'), line);
  });

  test('no text can close its quotes, end the line or reach a terminal', () => {
    const userAgent = 'a" 500 1 "\\\n\u001b[2J\u009b\u2028';
    assert.ok(
      accessFormatter('combined')({ ...RECORD, userAgent }).endsWith(
        String.raw`"a\" 500 1 \"\\\x0a\x1b[2J\x9b\u2028"` + '\n',
      ),
    );
  });
});
