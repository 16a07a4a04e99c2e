import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Config } from './config.ts';
import { mapLeaves, maskConfig } from './mask.ts';
import { fromJson, type JsonValue } from './source-tree.ts';
import { validate } from './validate.ts';

function maskedOf(document: JsonValue, secrets: readonly string[] = []): Config {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const result = validate(fromJson(document, place));
  assert.ok('config' in result, JSON.stringify(result));
  return maskConfig({ config: result.config, secrets: new Set(secrets) });
}

/** A configuration with one secret at every place that can hold one. */
function everywhere(secret: string): JsonValue {
  const headers = { set: { Authorization: `Bearer ${secret}`, 'X-Api-Key': secret, Cookie: `session=${secret}` } };
  return {
    admin: { token: secret },
    process: { state: `redis://user:${secret}@host:6379/0` },
    users: [
      { name: 'a', token: secret, may: [] },
      { name: 'b', token_sha256: 'ab'.repeat(32), may: [] },
    ],
    hops: {
      one: { proxy: `http://user:${secret}@host:1` },
      many: { proxies: [{ url: `socks5://user:${secret}@host:1`, id: 'x' }] },
    },
    policies: { '/own.ts': { api_key: secret, deep: [{ password: secret }] } },
    gateway: { policies: { headers: { request: headers, response: headers } } },
    ai: {
      providers: {
        claude: { credentials: [{ api_key: secret }, { api_key: secret }], headers: { 'X-Api-Key': secret } },
        chatgpt: { credentials: { api_key: secret } },
      },
    },
    tunnels: { client: { auth_token: secret, tunnels: [{ name: 'a', local_port: 1, auth: `user:${secret}` }] } },
  };
}

describe('maskConfig', () => {
  test('leaves no secret in sight, wherever it stands', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{12,24}$/), (secret) => {
        const text = JSON.stringify(maskedOf(everywhere(secret)));
        assert.ok(!text.includes(secret), text);
        assert.ok(!text.includes('abababab'), text);
      }),
    );
  });

  test('leaves everything else as it is', () => {
    const masked = maskedOf({
      gateway: { default_backend: 'http://a:80' },
      users: [{ name: 'a', token: 'x', may: ['ai'] }],
    });
    assert.equal(masked.gateway.default_backend, 'http://a:80');
    assert.equal(masked.gateway.listen[0]?.address, '127.0.0.1:8080');
    assert.equal(masked.timeouts.idle, 120_000);
    assert.deepEqual(masked.users[0], {
      name: 'a',
      token: '***',
      token_sha256: null,
      may: ['ai'],
      limits: {},
    });
  });

  test('masks what came from a secret file, whatever the key is', () => {
    assert.equal(maskedOf({ log: { file: 'x' } }, ['log.file']).log.file, '***');
  });

  test('does not change what it is given', () => {
    const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
    const result = validate(fromJson({ admin: { token: 'hush' } }, place));
    assert.ok('config' in result);
    maskConfig({ config: result.config, secrets: new Set() });
    assert.equal(result.config.admin.token, 'hush');
  });
});

test('mapLeaves tells the path of each value and keeps the shape', () => {
  const paths: string[] = [];
  const value = { a: [1, { b: null }], c: {}, d: [] };
  assert.deepEqual(
    mapLeaves(value, (leaf, path) => {
      paths.push(path.join('/'));
      return leaf;
    }),
    value,
  );
  assert.deepEqual(paths, ['a/0', 'a/1/b']);
});
