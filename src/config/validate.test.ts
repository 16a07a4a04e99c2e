import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromJson, scalar, setNode, type JsonValue, type MapNode, type Place } from './source-tree.ts';
import { validate } from './validate.ts';

const place: Place = { source: { kind: 'environment', name: 'X', folder: '/', text: '' }, from: 0, to: 0 };

/** A tree whose texts are soft, as those of the environment are. */
function soft(value: JsonValue): MapNode {
  return fromJson(value, place) as MapNode;
}

function configOf(root: MapNode) {
  const result = validate(root);
  assert.ok('config' in result, JSON.stringify(result));
  return result.config;
}

describe('texts from the environment', () => {
  test('stand for numbers and booleans where the schema wants them', () => {
    const config = configOf(
      soft({
        process: { workers: '4' },
        limits: { connections: '10' },
        gateway: { http2: 'off' },
        exec: { enabled: '1' },
      }),
    );
    assert.equal(config.process.workers, 4);
    assert.equal(config.limits.connections, 10);
    assert.equal(config.gateway.http2, false);
    assert.equal(config.exec.enabled, true);
  });

  test('stay texts where the schema wants a text', () => {
    const config = configOf(
      soft({ admin: { token: '12345678901234567890' }, log: { access: 'no' }, process: { workers: 'auto' } }),
    );
    assert.equal(config.admin.token, '12345678901234567890');
    assert.equal(config.log.access, false);
    assert.equal(config.process.workers, 'auto');
  });

  test('stand for numbers in lists and in values with several shapes', () => {
    const route = { match: { path: '/x' }, to: { respond: { status: '204' } } };
    const config = configOf(
      soft({ gateway: { routes: [route] }, egress: { rules: [{ match: { port: '25' }, via: 'direct' }] } }),
    );
    assert.deepEqual(config.gateway.routes[0]?.to, { respond: { status: 204, headers: {}, body: '' } });
    assert.deepEqual(config.egress.rules[0]?.match.port, [25]);
  });

  test('are refused when they are nothing of the kind', () => {
    const result = validate(soft({ limits: { connections: 'many', header_count: '2.5' }, gateway: { http2: '2' } }));
    assert.ok('faults' in result);
    const paths = new Set(result.faults.map(({ path }) => path));
    assert.deepEqual(paths, new Set(['gateway.http2', 'limits.connections', 'limits.header_count']));
  });
});

test('a text in a file does not stand for a number', () => {
  const file: Place = { source: { kind: 'file', name: 'a.yaml', folder: '/', text: '"10"' }, from: 0, to: 4 };
  const result = validate(setNode(soft({}), ['limits', 'connections'], scalar('10', file)));
  assert.ok('faults' in result);
  assert.match(result.faults[0]?.message ?? '', /found the text "10"/);
});

test('an empty tree is the configuration of the defaults', () => {
  const config = configOf(soft({}));
  assert.equal(config.gateway.listen[0]?.address, '127.0.0.1:8080');
  assert.equal(config.timeouts.idle, 120_000);
});

test('a configuration can be copied to another thread', () => {
  const config = configOf(soft({}));
  assert.deepEqual(structuredClone(config), config);
});
