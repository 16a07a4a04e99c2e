import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../../test/support/ask.ts';
import { Gateway, gatewayTo } from '../../test/support/gateway.ts';
import { http1Origin, http2Origin, rawOrigin, reflectingOrigin, type Seen } from '../../test/support/origins.ts';

describe('what the configuration says of a route becomes its target', () => {
  test('a fixed answer', async (t) => {
    const respond = { status: 418, headers: { 'X-Kind': 'pot' }, body: 'short and stout' };
    const gateway = await Gateway.open(t, { gateway: { routes: [{ match: { path: '/tea' }, to: { respond } }] } });
    const { status, headers, body } = await ask(`${gateway.url}/tea`);
    assert.deepEqual([status, headers['x-kind'], body], [418, 'pot', 'short and stout']);
  });

  test('a URL, whose path goes before that of the request', async (t) => {
    const origin = await reflectingOrigin(t);
    const routed = await Gateway.open(t, { gateway: { routes: [{ to: `${origin}/base/` }] } });
    const fallen = await gatewayTo(t, `${origin}/base`);
    for (const { url } of [routed, fallen]) {
      const seen = JSON.parse((await ask(`${url}/page?x`)).body) as Seen;
      assert.equal(seen.target, '/base/page?x');
    }
  });

  test('a backend that speaks HTTP/2', async (t) => {
    const { url } = await http2Origin(t, (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('by HTTP/2');
    });
    const gateway = await Gateway.open(t, { gateway: { routes: [{ to: url }] } });
    assert.equal((await ask(gateway.url)).body, 'by HTTP/2');
  });

  test('a backend that is told whose connection it is', async (t) => {
    const begun = Promise.withResolvers<string>();
    const origin = await rawOrigin(t, (socket) => {
      socket.once('data', (bytes: Buffer) => {
        begun.resolve(bytes.toString('latin1'));
        socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    const to = { backends: [origin], proxy_protocol: 'v1' };
    const gateway = await Gateway.open(t, { gateway: { routes: [{ to }] } });
    assert.equal((await ask(gateway.url)).status, 204);
    assert.match(await begun.promise, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n/);
  });

  test('a backend whose certificate must be right', async (t) => {
    const plain = await http1Origin(t, (_request, response) => response.end());
    const gateway = await Gateway.open(t, { gateway: { routes: [{ to: plain.replace('http:', 'https:') }] } });
    const { status, body } = await ask(gateway.url);
    assert.equal(status, 502);
    assert.match(body, /upstream_tls_failed/);
  });
});
