import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isWritten, originsOf } from './origins.ts';
import { readYaml } from './read-yaml.ts';
import { fromJson, mergeNodes, type ConfigNode, type PlainValue } from './source-tree.ts';
import { validate } from './validate.ts';

function treeOf(text: string): ConfigNode {
  return readYaml({ kind: 'file', name: 'a.yaml', folder: '/', text }).root!;
}

function originsIn(root: ConfigNode): ReadonlyMap<string, string> {
  const result = validate(root);
  assert.ok('config' in result, JSON.stringify(result));
  return originsOf(result.config as unknown as PlainValue, root).origins;
}

describe('origins', () => {
  test('name file and line, environment and flag, and leave defaults out', () => {
    const place = (kind: 'environment' | 'flag', name: string) => ({
      source: { kind, name, folder: '/', text: '' },
      from: 0,
      to: 0,
    });
    const origins = originsIn(
      [
        fromJson({ log: { level: 'warn' } }, place('environment', 'LOG_LEVEL')),
        fromJson({ gateway: { http2: false } }, place('flag', '--no-http2')),
      ].reduce(mergeNodes, treeOf('log: { level: info }\nlimits:\n  url: 1KiB\n')),
    );
    assert.deepEqual(
      [...origins],
      [
        ['log.level', 'environment variable LOG_LEVEL'],
        ['limits.url', 'a.yaml:3'],
        ['gateway.http2', 'flag --no-http2'],
      ],
    );
  });

  test('see through short forms, and do not take what they leave open for written', () => {
    const origins = originsIn(
      treeOf(
        'gateway:\n  listen: :80\n  tls: { cert: c, key: k }\n  routes:\n    - to: http://a\nhops:\n  a: { proxy: "http://p" }\ntunnels:\n  server: { tcp_ports: 2001-2002 }\n',
      ),
    );
    assert.deepEqual(
      [...origins],
      [
        ['hops.a.proxies[0].url', 'a.yaml:7'],
        ['gateway.listen[0].address', 'a.yaml:2'],
        ['gateway.listen[0].tls.certificates[0].cert', 'a.yaml:3'],
        ['gateway.listen[0].tls.certificates[0].key', 'a.yaml:3'],
        ['gateway.tls.certificates[0].cert', 'a.yaml:3'],
        ['gateway.tls.certificates[0].key', 'a.yaml:3'],
        ['gateway.routes[0].to.backends[0].url', 'a.yaml:5'],
        ['tunnels.server.tcp_ports.from', 'a.yaml:9'],
        ['tunnels.server.tcp_ports.to', 'a.yaml:9'],
      ],
    );
  });

  test('remember what was read from a secret file', () => {
    const root = fromJson({ admin: { token: 'x' } }, treeOf('a: 1').place);
    const marked = { ...root, ...mergeNodes(root, root) };
    const { secrets } = originsOf({ admin: { token: 'x' } }, withSecret(marked));
    assert.deepEqual([...secrets], ['admin.token']);
  });
});

function withSecret(node: ConfigNode): ConfigNode {
  if (node.kind === 'scalar') return { ...node, secret: true };
  if (node.kind === 'list') return { ...node, items: node.items.map(withSecret) };
  const entries = [...node.entries].map(([key, entry]) => [key, { ...entry, value: withSecret(entry.value) }] as const);
  return { ...node, entries: new Map(entries) };
}

test('a key is written when something stands behind it, be it null', () => {
  const root = treeOf('a:\nb: null\nc: { d: 1 }\n');
  const written = (...path: string[]): boolean => isWritten(root, path);
  assert.deepEqual(
    [written('a'), written('b'), written('c'), written('c', 'd'), written('c', 'e'), written('x')],
    [false, true, true, true, false, false],
  );
});
