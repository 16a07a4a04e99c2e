import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../../test/support/ask.ts';
import { configOf, Gateway } from '../../test/support/gateway.ts';
import type { RouteTarget } from '../config/schema/targets.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { Origin } from '../contract/target.ts';
import { createBackend, createTarget } from './registry.ts';

/** A target as a configuration has it. */
function written(to: unknown): RouteTarget {
  return configOf({ gateway: { routes: [{ to }] } }).gateway.routes[0]!.to;
}

/** The origin that a request is sent to. */
async function originOf(target: ReturnType<typeof createTarget>): Promise<Origin> {
  if (target.kind !== 'forward') assert.fail('the target answers by itself');
  return target.select({} as Exchange);
}

describe('what the configuration says of a route becomes its target', () => {
  test('a fixed answer', async (t) => {
    const respond = { status: 418, headers: { 'X-Kind': 'pot' }, body: 'short and stout' };
    const gateway = await Gateway.open(t, { gateway: { routes: [{ match: { path: '/tea' }, to: { respond } }] } });
    const { status, headers, body } = await ask(`${gateway.url}/tea`);
    assert.deepEqual([status, headers['x-kind'], body], [418, 'pot', 'short and stout']);
  });

  test('a URL', async () => {
    for (const target of [
      createTarget(written('http://backend:9000/base/')),
      createBackend('http://backend:9000/base'),
    ]) {
      const { host, port, pathPrefix, protocol, tls } = await originOf(target);
      assert.deepEqual([host, port, pathPrefix, protocol, tls], ['backend', 9000, '/base', 'http1', null]);
    }
  });

  test('a backend with all that is said of it', async () => {
    const to = {
      backends: ['https://backend'],
      http2: true,
      proxy_protocol: 'v2',
      tls: { server_name: 'b.test', verify: false },
    };
    const { port, protocol, proxyProtocol, tls } = await originOf(createTarget(written(to)));
    assert.deepEqual([port, protocol, proxyProtocol], [443, 'http2', 2]);
    assert.deepEqual([tls?.serverName, tls?.verify], ['b.test', false]);
  });
});
