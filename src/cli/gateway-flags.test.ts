import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { gatewayFlagValues, type GatewayFlags } from './gateway-flags.ts';

async function configOf(backends: readonly string[], flags: GatewayFlags = {}): Promise<Config> {
  const overrides = gatewayFlagValues(backends, flags);
  return (await loadConfig({ files: [], env: {}, cwd: '/', overrides, ignoreAvailability: true })).config;
}

async function routesOf(...backends: string[]): Promise<unknown[]> {
  const { gateway } = await configOf(backends);
  return gateway.routes.map(({ match, to }) => [
    match.host,
    match.path,
    'backends' in to && to.backends.map(({ url }) => url),
  ]);
}

describe('the arguments of sluice gateway', () => {
  test('may be short for a URL', async () => {
    for (const [written, url] of [
      ['3000', 'http://127.0.0.1:3000'],
      [':3000', 'http://127.0.0.1:3000'],
      ['web:3000', 'http://web:3000'],
      ['https://web/x', 'https://web/x'],
      ['unix:/run/app.sock', 'unix:/run/app.sock'],
    ] as const) {
      assert.equal((await configOf([written])).gateway.default_backend, url);
    }
  });

  test('are routes with a match in front, and groups where several have the same', async () => {
    assert.deepEqual(
      await routesOf('a.example=9000', '/api/*=9001', '*.b.example/v1/*=http://c', 'a.example=9002', '3000'),
      [
        [['a.example'], [], ['http://127.0.0.1:9000', 'http://127.0.0.1:9002']],
        [[], ['/api/*'], ['http://127.0.0.1:9001']],
        [['*.b.example'], ['/v1/*'], ['http://c']],
      ],
    );
    assert.deepEqual(await routesOf('3000', '3001'), [[[], [], ['http://127.0.0.1:3000', 'http://127.0.0.1:3001']]]);
  });

  test('take a "=" behind the host for part of the URL', async () => {
    assert.equal((await configOf(['http://a/b=c'])).gateway.default_backend, 'http://a/b=c');
    assert.deepEqual(await routesOf('x=http://a/b=c'), [[['x'], [], ['http://a/b=c']]]);
  });

  test('are refused where nothing stands beside a "=", or another one', async () => {
    for (const wrong of ['=3000', 'a.example=', 'a=b=c']) {
      await assert.rejects(routesOf(wrong), { code: 'usage' }, wrong);
    }
  });

  test('open the gateway alone, with what else is asked for', async () => {
    const { gateway, egress, log } = await configOf(['3000'], {
      listen: ':80',
      cache: true,
      limit: '100/s',
      verbose: true,
    });
    assert.deepEqual([egress.listen, gateway.listen[0]?.address, log.level], [[], ':80', 'debug']);
    assert.ok(gateway.policies.cache);
    assert.ok(gateway.policies.rate_limit && gateway.policies.rate_limit.rate === 100);
  });

  test('are needed, and are told with their faults', async () => {
    assert.throws(() => gatewayFlagValues([], {}), { code: 'usage' });
    await assert.rejects(configOf(['ftp://a']), /flag BACKEND/);
    await assert.rejects(configOf(['a b=3000']), /flag MATCH=BACKEND/);
  });
});
