import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig, type LoadedConfig } from './load.ts';
import { presentConfig } from './present.ts';
import { fromJson, type JsonValue } from './source-tree.ts';
import { validate } from './validate.ts';

function load(env: Record<string, string> = {}): Promise<LoadedConfig> {
  return loadConfig({ files: [], env: { HOME: '/home/jo', ...env }, cwd: '/', ignoreAvailability: true });
}

describe('a shown configuration', () => {
  test('holds only what somebody said, without defaults', async () => {
    const loaded = await load({ SLUICE_TIMEOUTS__IDLE: '90s', SLUICE_ADMIN__TOKEN: 'hush', SLUICE_LOG__FILE: 'null' });
    assert.deepEqual(presentConfig(loaded, { effective: false }), {
      log: { file: null },
      admin: { token: '***' },
      timeouts: { idle: '90s' },
    });
    assert.deepEqual(presentConfig(await load(), { effective: false }), {});
  });

  test('keeps what was switched on without anything more to say', async () => {
    const loaded = await load({ CACHE_ENABLED: 'true', SLUICE_GATEWAY__POLICIES__COMPRESS: '{}' });
    assert.deepEqual(presentConfig(loaded, { effective: false }), {
      gateway: { policies: { cache: {}, compress: {} } },
    });
    assert.equal(loaded.origins.get('gateway.policies.cache'), 'environment variable CACHE_ENABLED');
  });

  test('writes durations, sizes and rates as people do', async () => {
    const loaded = await load({ SLUICE_POLICIES__RATE_LIMIT__RATE: '30/m' });
    const { timeouts, limits, policies } = presentConfig(loaded, { effective: true }) as Record<
      string,
      Record<string, unknown>
    >;
    assert.deepEqual(timeouts, {
      connect: '10s',
      headers: '15s',
      read: '30s',
      write: '30s',
      idle: '2m',
      tunnel_idle: '1h',
    });
    assert.deepEqual(limits, { url: '8KiB', headers: '16KiB', header_count: 100, body: '10MiB', connections: 10_000 });
    assert.deepEqual(policies, { rate_limit: { per: 'client_ip', rate: '30/m', burst: null } });
  });

  test('is a configuration again, and the same one', async () => {
    const loaded = await load({
      SLUICE_GATEWAY__ROUTES: JSON.stringify([
        { match: { path: '/a' }, to: 'http://a' },
        { match: { path: '/b/*' }, to: { redirect: '/c/{rest}' } },
        { to: { respond: { body: 'x' } }, policies: { cache: false } },
      ]),
      SLUICE_HOPS__A: '{"proxy": "http://p:1"}',
      SLUICE_EGRESS__RULES: '[{"match": {"host": "a.example"}, "via": "direct"}]',
    });
    const shown = presentConfig(loaded, { effective: true }) as JsonValue;
    const again = validate(
      fromJson(shown, { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 }),
    );
    assert.deepEqual('config' in again ? again.config : again, loaded.config);
  });

  test('keeps the numbers of items', async () => {
    const loaded = await load({ SLUICE_GATEWAY__ROUTES: '[{"to": "http://a"}, {"name": "b", "to": "http://b"}]' });
    const shown = presentConfig(loaded, { effective: false }) as { gateway: { routes: unknown[] } };
    assert.equal(shown.gateway.routes.length, 2);
    assert.deepEqual(shown.gateway.routes[1], { name: 'b', to: { backends: [{ url: 'http://b' }] } });
  });
});
