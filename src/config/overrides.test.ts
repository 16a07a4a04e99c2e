import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPath } from './key-path.ts';
import { environmentOverrides, flagOverrides, type Overrides } from './overrides.ts';
import { toPlain } from './source-tree.ts';

function values({ values }: Overrides): [path: string, value: unknown][] {
  return values.map(({ path, value }) => [formatPath(path), toPlain(value)]);
}

function fromEnv(env: Record<string, string>): [path: string, value: unknown][] {
  return values(environmentOverrides(env, '/'));
}

describe('the environment', () => {
  test('sets a key of any depth by its section', () => {
    assert.deepEqual(fromEnv({ SLUICE_GATEWAY__TLS__CERT: 'c.pem', SLUICE_LIMITS__HEADER_COUNT: '5' }), [
      ['gateway.tls.cert', 'c.pem'],
      ['limits.header_count', '5'],
    ]);
  });

  test('leaves alone what is not a key, is empty, or is not ours', () => {
    assert.deepEqual(
      fromEnv({
        SLUICE_CONFIG: 'a',
        SLUICE_ADMIN_URL: 'b',
        SLUICE_A__B: '',
        PATH: '/bin',
        XSLUICE_A__B: 'c',
        CACHE_ENABLED: '',
      }),
      [],
    );
  });

  test('takes null for null, and JSON lists and maps for what they are', () => {
    assert.deepEqual(
      fromEnv({ SLUICE_ADMIN__LISTEN: 'null', SLUICE_EGRESS__CHAIN: '["a"]', SLUICE_HOPS__A: '{"proxy": "http://p"}' }),
      [
        ['admin.listen', null],
        ['egress.chain', ['a']],
        ['hops.a', { proxy: 'http://p' }],
      ],
    );
  });

  test('takes host and port for a backend, as the custom proxy did', () => {
    for (const [text, url] of [
      ['localhost:8000', 'http://localhost:8000'],
      ['https://a:1', 'https://a:1'],
      ['a', 'a'],
    ] as const) {
      assert.deepEqual(fromEnv({ DEFAULT_BACKEND: text }), [['gateway.default_backend', url]]);
    }
  });

  test('takes an IPv6 address for no list', () => {
    assert.deepEqual(fromEnv({ SLUICE_METRICS__LISTEN: '[::1]:9090' }), [['metrics.listen', '[::1]:9090']]);
  });

  test('knows the names that older programs used', () => {
    assert.deepEqual(
      fromEnv({
        LOG_LEVEL: 'WARNING',
        LOG_FORMAT: 'TEXT',
        CACHE_ENABLED: 'true',
        CACHE_MAX_MEMORY: '1GB',
        RATE_LIMIT_ENABLED: 'no',
        RATE_LIMIT_RPS: '5',
        CLI_ENABLED: 'true',
        RETUNNEL_SERVER_ENDPOINT: 'wss://t',
      }),
      [
        ['log.level', 'warn'],
        ['log.format', 'pretty'],
        ['cache.max_memory', '1GB'],
        ['gateway.policies.cache', {}],
        ['gateway.policies.rate_limit.rate', '5/s'],
        ['gateway.policies.rate_limit', false],
        ['exec.enabled', 'true'],
        ['tunnels.client.server', 'wss://t'],
      ],
    );
  });

  test('lets the name of the section win over an older name', () => {
    const set = fromEnv({
      LOG_LEVEL: 'debug',
      SLUICE_LOG: 'info',
      SLUICE_LOG__LEVEL: 'error',
      RETUNNEL_LOG_LEVEL: 'trace',
    });
    assert.deepEqual(set.at(-1), ['log.level', 'error']);
    assert.deepEqual(
      set.map(([, value]) => value),
      ['trace', 'debug', 'info', 'error'],
    );
  });

  test('keeps host and port of the gateway apart', () => {
    const { values: others, door } = environmentOverrides({ PROXY_HOST: '0.0.0.0', PROXY_PORT: '81' }, '/');
    assert.deepEqual(others, []);
    assert.deepEqual([toPlain(door.host!), toPlain(door.port!)], ['0.0.0.0', '81']);
  });

  test('is named as the source of what it sets, and its texts may stand for numbers', () => {
    const [override] = environmentOverrides({ CLI_MAX_CONCURRENT: '3' }, '/here').values;
    assert.deepEqual(override?.value, {
      kind: 'scalar',
      value: '3',
      soft: true,
      secret: false,
      place: { source: { kind: 'environment', name: 'CLI_MAX_CONCURRENT', folder: '/here', text: '' }, from: 0, to: 0 },
    });
  });
});

describe('flags', () => {
  test('set keys by path, with any value, and are named as the source', () => {
    const overrides = flagOverrides(
      [
        { flag: '--verbose', path: 'log.level', value: 'debug' },
        { flag: '--via', path: 'egress.chain', value: ['a', 'b'] },
        { flag: '--route', path: 'gateway.routes', value: [{ to: 'http://a' }] },
        { flag: '--port', path: 'gateway.listen.port', value: 81 },
      ],
      '/',
    );
    assert.deepEqual(values(overrides), [
      ['log.level', 'debug'],
      ['egress.chain', ['a', 'b']],
      ['gateway.routes', [{ to: 'http://a' }]],
    ]);
    assert.equal(overrides.values[0]?.value.place.source.name, '--verbose');
    assert.equal(toPlain(overrides.door.port!), 81);
  });
});
