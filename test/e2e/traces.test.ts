// Traces as a collector and the servers behind us see them: who is whose parent along a chain of hops, what is recorded of an exchange
// and its attempts, what is left alone. Rule: the collector is strict, and the client is a real one.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { deserted } from '../support/backends.ts';
import { Gateway, type GatewaySettings, gatewayTo } from '../support/gateway.ts';
import { http1Origin } from '../support/origins.ts';
import { askPlainly, askThroughTunnel } from '../support/proxy-clients.ts';
import { requirePeer } from '../support/peer.ts';
import { startSluice } from '../support/sluice-process.ts';
import { runTool } from '../support/tools.ts';
import { type ReadSpan, readSpanText, TraceCollector } from '../support/trace-collector.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
/** Nobody is there: what is recorded is read where the thread hands it over. */
const ON = { traces: { endpoint: 'http://127.0.0.1:9' } };

/** Answers with the fields that it has got, and with the status that is asked for. */
function echo(t: TestContext): Promise<string> {
  return http1Origin(t, (request, response) => {
    response.statusCode = Number(/^\/status\/(\d+)/.exec(request.url ?? '')?.[1] ?? 200);
    response.end(JSON.stringify(request.headers));
  });
}

async function fieldsSeen(url: string, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  const answer = await fetch(url, { headers });
  return (await answer.json()) as Record<string, string>;
}

async function recordedBy(gateway: Gateway, count: number): Promise<ReadSpan[]> {
  await gateway.until(() => gateway.recorded.length >= count, `that ${count} spans are recorded`);
  return gateway.recorded.map(readSpanText);
}

function only(spans: readonly ReadSpan[], kind: ReadSpan['kind']): ReadSpan {
  const found = spans.filter((span) => span.kind === kind);
  assert.equal(found.length, 1, JSON.stringify(found.map(({ name, kind: each }) => `${each} ${name}`)));
  return found[0]!;
}

describe('the trace of a request through the gateway', () => {
  test('goes on where the client has begun it, with a span for the exchange and one for the attempt', async (t) => {
    const gateway = await gatewayTo(t, await echo(t), ON);
    const seen = await fieldsSeen(`${gateway.url}/a?token=secret`, { traceparent: SAMPLED, tracestate: 'a=1,b=2' });
    const spans = await recordedBy(gateway, 2);
    const [server, client] = [only(spans, 'server'), only(spans, 'client')];
    assert.deepEqual([server.traceId, server.parentSpanId, server.traceState], [TRACE, SPAN, 'a=1,b=2']);
    assert.deepEqual([client.traceId, client.parentSpanId], [TRACE, server.spanId]);
    assert.equal(seen['traceparent'], `00-${TRACE}-${client.spanId}-01`);
    assert.equal(seen['tracestate'], 'a=1,b=2');
    const { attributes } = server;
    assert.equal(attributes['http.request.method'], 'GET');
    assert.equal(attributes['url.path'], '/a');
    assert.equal(attributes['url.query'], 'token=***');
    assert.equal(attributes['server.address'], '127.0.0.1');
    assert.equal(attributes['server.port'], gateway.port);
    assert.equal(attributes['http.response.status_code'], 200);
    assert.equal(attributes['sluice.door'], 'gateway');
    assert.equal(attributes['sluice.attempts'], 1);
    assert.deepEqual(server.events, ['http.response.head']);
    assert.equal(server.error, '');
    assert.match(String(client.attributes['url.full']), /^http:\/\/127\.0\.0\.1:\d+\/a\?token=\*\*\*$/);
    assert.ok(client.startNs >= server.startNs && client.endNs <= server.endNs, 'the attempt lies within the exchange');
    const [line] = await gateway.accessLines(1);
    assert.equal(line?.['trace_id'], TRACE);
  });

  test('begins here where the client has none, or one that is not valid, whose state goes with it', async (t) => {
    const gateway = await gatewayTo(t, await echo(t), ON);
    for (const headers of [
      {},
      { tracestate: 'a=1' },
      { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01`, tracestate: 'a=1' },
    ]) {
      gateway.recorded.length = 0;
      const seen = await fieldsSeen(gateway.url, headers);
      const spans = await recordedBy(gateway, 2);
      const server = only(spans, 'server');
      assert.equal(server.parentSpanId, '');
      assert.equal(seen['traceparent'], `00-${server.traceId}-${only(spans, 'client').spanId}-01`);
      assert.equal(seen['tracestate'], undefined);
    }
  });

  test('is not recorded where the client has decided so, but goes on under another name', async (t) => {
    const gateway = await gatewayTo(t, await echo(t), ON);
    const seen = await fieldsSeen(gateway.url, { traceparent: `00-${TRACE}-${SPAN}-00` });
    assert.match(seen['traceparent'] ?? '', new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-00$`));
    await fieldsSeen(gateway.url, { traceparent: SAMPLED });
    assert.ok((await recordedBy(gateway, 2)).every(({ parentSpanId }) => parentSpanId !== ''));
    assert.equal(gateway.recorded.length, 2);
  });

  test('is recorded for the share that was asked for, whatever the client says where it is not to be followed', async (t) => {
    const traces = { ...ON.traces, sample: 0, follow_parent: false };
    const gateway = await gatewayTo(t, await echo(t), { traces });
    const seen = await fieldsSeen(gateway.url, { traceparent: SAMPLED });
    assert.match(seen['traceparent'] ?? '', new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    await gateway.accessLines(1);
    assert.equal(gateway.recorded.length, 0);
  });

  test('has a span for every attempt, and says which failed and why', async (t) => {
    const to = { backends: [await deserted(t), await echo(t)], strategy: 'round_robin' };
    const gateway = await Gateway.open(t, {
      ...ON,
      gateway: { routes: [{ name: 'app', match: { path: '/app/*' }, to }] },
    });
    const seen = await fieldsSeen(`${gateway.url}/app/x`);
    const spans = await recordedBy(gateway, 3);
    const server = only(spans, 'server');
    assert.equal(server.name, 'GET /app/*');
    assert.equal(server.attributes['http.route'], '/app/*');
    const attempts = spans.filter(({ kind }) => kind === 'client');
    assert.deepEqual(
      attempts.map(({ error, attributes }) => [error, attributes['http.request.resend_count'] ?? 0]),
      [
        ['upstream_unreachable', 0],
        ['', 1],
      ],
    );
    assert.ok(attempts.every(({ parentSpanId }) => parentSpanId === server.spanId));
    assert.ok(seen['traceparent']?.includes(attempts[1]?.spanId ?? 'none'));
  });

  test('says what went wrong: of the server in both spans, of the client in the attempt alone', async (t) => {
    const gateway = await gatewayTo(t, await echo(t), ON);
    for (const [status, ofServer] of [
      [503, '503'],
      [404, ''],
    ] as const) {
      gateway.recorded.length = 0;
      await fetch(`${gateway.url}/status/${status}`).then((answer) => answer.text());
      const spans = await recordedBy(gateway, 2);
      assert.equal(only(spans, 'server').error, ofServer);
      assert.equal(only(spans, 'client').error, String(status));
    }
  });

  test('has one span where no server was asked, and names the policy that has answered', async (t) => {
    const policies = { acl: { deny: ['127.0.0.1'] } };
    const gateway = await gatewayTo(t, await echo(t), { ...ON, gateway: { policies } });
    await fetch(gateway.url).then((answer) => answer.text());
    const server = only(await recordedBy(gateway, 1), 'server');
    assert.equal(server.attributes['sluice.answered_by'], 'acl');
    assert.equal(server.attributes['http.response.status_code'], 403);
  });

  test('is not begun for those who send spans themselves', async (t) => {
    const traces = { ...ON.traces, follow_parent: false };
    const gateway = await gatewayTo(t, await echo(t), { traces });
    await fieldsSeen(gateway.url, { 'user-agent': 'sluice-otlp' });
    await gateway.accessLines(1);
    assert.equal(gateway.recorded.length, 0);
  });

  test('follows a reload: off is off, and on is on', async (t) => {
    const settings: GatewaySettings = { gateway: { default_backend: await echo(t) } };
    const gateway = await Gateway.open(t, settings);
    const seen = await fieldsSeen(gateway.url, { traceparent: SAMPLED, tracestate: 'a=1' });
    assert.deepEqual([seen['traceparent'], seen['tracestate']], [SAMPLED, 'a=1']);
    const broken = await fieldsSeen(gateway.url, { traceparent: 'nonsense', tracestate: 'a=1' });
    assert.match(broken['traceparent'] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    assert.equal(broken['tracestate'], undefined);
    await gateway.apply({ ...settings, ...ON });
    await fieldsSeen(gateway.url);
    await recordedBy(gateway, 2);
    await gateway.apply(settings);
    await fieldsSeen(gateway.url);
    await gateway.accessLines(4);
    assert.equal(gateway.recorded.length, 2);
  });
});

describe('the trace of a request through the forward proxy', () => {
  test('goes on from the client through the proxy and the gateway to the backend', async (t) => {
    const curl = requirePeer(t, 'curl');
    if (curl === undefined) return;
    const gateway = await gatewayTo(t, await echo(t), ON);
    const proxy = await Gateway.open(t, { ...ON, egress: {} });
    const args = [
      curl,
      '-s',
      '-x',
      `http://127.0.0.1:${proxy.proxyPort}`,
      '-H',
      `traceparent: ${SAMPLED}`,
      `${gateway.url}/x`,
    ];
    const seen = JSON.parse((await runTool(t, args, '.')).stdout) as Record<string, string>;
    const outside = await recordedBy(proxy, 2);
    const inside = await recordedBy(gateway, 2);
    assert.equal(only(outside, 'server').parentSpanId, SPAN);
    assert.equal(only(outside, 'client').parentSpanId, only(outside, 'server').spanId);
    assert.equal(only(inside, 'server').parentSpanId, only(outside, 'client').spanId);
    assert.equal(seen['traceparent'], `00-${TRACE}-${only(inside, 'client').spanId}-01`);
    assert.equal(only(outside, 'server').attributes['url.full'], `${gateway.url}/x`);
  });

  test('tells servers elsewhere of no trace that the client has not begun', async (t) => {
    const origin = await echo(t);
    const proxy = await Gateway.open(t, { ...ON, egress: {} });
    const seen = JSON.parse((await askPlainly(proxy.proxyPort, `${origin}/a`)).body) as Record<string, string>;
    assert.equal(seen['traceparent'], undefined);
    assert.equal((await recordedBy(proxy, 2)).length, 2);
  });

  test('has a span for a tunnel and one for its connection, by CONNECT and by SOCKS', async (t) => {
    const curl = requirePeer(t, 'curl');
    if (curl === undefined) return;
    const origin = await echo(t);
    const proxy = await Gateway.open(t, { ...ON, egress: {} });
    await askThroughTunnel(proxy.proxyPort, `${origin}/a`);
    await runTool(t, [curl, '-s', '--socks5-hostname', `127.0.0.1:${proxy.proxyPort}`, origin], '.');
    const spans = await recordedBy(proxy, 4);
    const servers = spans.filter(({ kind }) => kind === 'server');
    assert.deepEqual(
      servers.map(
        ({ name, attributes }) => `${name} ${attributes['sluice.kind']} ${attributes['network.protocol.name']}`,
      ),
      ['CONNECT connect http', 'CONNECT socks socks'],
    );
    for (const { spanId } of servers) assert.ok(spans.some(({ parentSpanId }) => parentSpanId === spanId));
    const port = Number(new URL(origin).port);
    assert.ok(spans.every(({ attributes }) => attributes['server.port'] === port));
  });
});

describe('a Sluice that the environment tells to send its traces', () => {
  for (const workers of [1, 2]) {
    test(`does so with ${workers === 1 ? 'one thread' : 'several'}, and with all that it has when it ends`, async (t) => {
      const collector = await TraceCollector.open(t);
      const origin = await echo(t);
      const sluice = await startSluice(t, {
        files: {
          'sluice.yaml': `process: { workers: ${workers}, data_dir: data }
gateway: { listen: "127.0.0.1:0", default_backend: "${origin}" }
egress: { listen: null }
admin: { listen: "127.0.0.1:0" }
metrics: { listen: "127.0.0.1:0" }
`,
        },
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20secret',
          OTEL_SERVICE_NAME: 'edge',
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
          OTEL_BSP_SCHEDULE_DELAY: '50',
          // Spans go straight to the collector all the same.
          NODE_USE_ENV_PROXY: '1',
          HTTP_PROXY: 'http://127.0.0.1:9',
        },
      });
      const url = sluice.address('gateway');
      await Promise.all(Array.from({ length: 8 }, () => fieldsSeen(url, { traceparent: SAMPLED })));
      const spans = await collector.until(16);
      assert.ok(spans.every(({ traceId }) => traceId === TRACE));
      assert.equal(collector.heads[0]?.['x-key'], 'a secret');
      assert.equal(collector.resources[0]?.['service.name'], 'edge');
      assert.equal(collector.resources[0]?.['deployment.environment.name'], 'test');
      const metrics = await fetch(`${sluice.address('metrics')}/metrics`).then((answer) => answer.text());
      assert.match(metrics, /^sluice_trace_spans_exported_total 16$/m);
      assert.match(metrics, /^sluice_trace_spans_dropped_total\{reason="queue_full"\} 0$/m);
      const listed = await sluice.admin('/api/v1/requests').then((answer) => answer.text());
      assert.ok(listed.includes(`"trace_id":"${TRACE}"`), listed.slice(0, 500));
      await fieldsSeen(url);
      sluice.signal('SIGTERM');
      assert.equal((await sluice.ended).code, 0);
      assert.equal((await collector.until(18)).length, 18);
      assert.deepEqual(collector.faults, []);
    });
  }
});
