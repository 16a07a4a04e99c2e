import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { waysOf } from '../../../test/support/backend-desk.ts';
import { configOf, type GatewaySettings } from '../../../test/support/gateway.ts';
import type { BackendsTarget } from '../../config/schema/targets.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { backendMembers, type BackendsInit, createBackends, isBalanced, retryOf } from './assemble-backends.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { BalancedBackends } from '../registry.ts';

const ways = waysOf(configOf({}));

function init(to: object | string, settings: GatewaySettings = {}, policies: object = {}): BackendsInit {
  const config = configOf({ ...settings, gateway: { routes: [{ to, policies }], ...settings.gateway } });
  const [route] = config.gateway.routes;
  assert.ok(route !== undefined && 'backends' in route.to);
  return { name: 'app', to: route.to, retry: retryOf(config, route.policies) };
}

describe('the backends of a route', () => {
  const made = (t: TestContext, given: BackendsInit): boolean => {
    const members = new MemberTable({ capacity: 8 });
    const dns = { resolve: () => {}, cache: new DnsCache() };
    const parts = { members, recorder: new MetricsRecorder(), threads: 1, dns, ways, log: () => {}, connectMs: 1000 };
    const { target } = createBackends(given, parts);
    t.after(() => target.dispose?.());
    return target instanceof BalancedBackends;
  };

  test('are balanced where there is something to balance', (t) => {
    for (const [given, wanted] of [
      [init('http://a'), false],
      [init({ backends: ['http://127.0.0.1'], strategy: 'random' }), false],
      [init({ backends: ['http://localhost'] }), false],
      [init({ backends: ['unix:/run/app.sock'] }), false],
      [init({ backends: ['http://a'], resolve: false }), false],
      [init({ backends: ['http://a'] }), true],
      [init({ backends: [{ url: 'http://127.0.0.1', max_connections: 3 }] }), true],
      [init({ backends: ['http://a', 'http://b'] }), true],
      [init('http://a', {}, { retry: {} }), true],
      [init('http://a', {}, { retry: false }), false],
      [init({ backends: ['http://a'], breaker: {} }), true],
      [init({ backends: ['http://a'], sticky: {} }), true],
      [init({ backends: ['http://a'], health: {} }), true],
    ] as const) {
      assert.equal(isBalanced(given), wanted);
      assert.equal(made(t, given), wanted);
    }
  });

  test('go by their URLs, and one that is named twice is two', () => {
    const backends = ['http://a', 'http://a/app/', { url: 'http://a', weight: 3 }, 'h2c://b:81'];
    const members = backendMembers(init({ backends }).to, ways);
    assert.deepEqual(
      members.map(({ id, weight, data }) => [id, weight, data.protocol]),
      [
        ['http://a', 1, 'http1'],
        ['http://a/app', 1, 'http1'],
        ['http://a (2)', 3, 'http1'],
        ['h2c://b:81', 1, 'http2'],
      ],
    );
  });

  test('begin anew when they are spoken to or checked in another way', () => {
    const revisionOf = (to: BackendsTarget): unknown => backendMembers(to, ways)[0]?.revision;
    const plain = init({ backends: ['https://a'] }).to;
    assert.notEqual(revisionOf(plain), revisionOf({ ...plain, http2: true }));
    assert.notEqual(revisionOf(plain), revisionOf(init({ backends: ['https://a'], health: {} }).to));
    assert.equal(revisionOf(plain), revisionOf({ ...plain, strategy: 'random' }));
  });
});

test('of retries the nearest place decides', () => {
  const settings = { policies: { retry: { attempts: 4 } }, gateway: { policies: { retry: { attempts: 3 } } } };
  const attempts = (policies: object, given: GatewaySettings): unknown => {
    const { retry } = init('http://a', given, policies);
    return typeof retry === 'object' ? retry?.attempts : retry;
  };
  assert.equal(attempts({ retry: { attempts: 2 } }, settings), 2);
  assert.equal(attempts({}, settings), 3);
  assert.equal(attempts({}, { policies: settings.policies }), 4);
  assert.equal(attempts({ retry: false }, settings), false);
  assert.equal(attempts({}, {}), undefined);
});
