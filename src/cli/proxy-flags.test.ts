import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { proxyFlagValues, type ProxyFlags } from './proxy-flags.ts';

async function configOf(flags: ProxyFlags, pool: Parameters<typeof proxyFlagValues>[1] = null): Promise<Config> {
  const overrides = proxyFlagValues(flags, pool);
  return (await loadConfig({ files: [], env: {}, cwd: '/', overrides, ignoreAvailability: true })).config;
}

describe('the flags of sluice proxy', () => {
  test('open the forward proxy alone, direct without hops', async () => {
    const { egress, gateway, hops } = await configOf({});
    assert.deepEqual([egress.listen, egress.chain, gateway.listen, hops], [['127.0.0.1:8888'], [], [], {}]);
  });

  test('go through every proxy in order, the pool last', async () => {
    const pool = [
      { id: 'a', url: 'http://a:1' },
      { id: 'b', url: 'socks5://b:1' },
    ];
    const { egress, hops } = await configOf(
      { via: ['http://x:1', 'https://y:2'], strategy: 'least_latency', listen: '8887' },
      pool,
    );
    assert.deepEqual([egress.listen, egress.chain], [['127.0.0.1:8887'], ['via-1', 'via-2', 'pool']]);
    assert.deepEqual([hops['via-2']?.proxies[0]?.url, hops['pool']?.strategy], ['https://y:2', 'least_latency']);
    assert.deepEqual(
      hops['pool']?.proxies.map(({ id }) => id),
      ['a', 'b'],
    );
    assert.notEqual(hops['pool']?.breaker, null);
  });

  test('stand open to the network only when it is meant', async () => {
    await assert.rejects(configOf({ listen: ':8888' }), /anybody on the network/);
    assert.equal((await configOf({ listen: ':8888', allowOpen: true, verbose: true })).log.level, 'debug');
  });

  test('are named in faults, without passwords', async () => {
    await assert.rejects(configOf({ via: ['ftp://jo:hunter2@a'] }), (error: Error) => {
      assert.match(error.message, /flag --via/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });
});
