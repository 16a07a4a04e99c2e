import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unavailableFeatures, unavailableUses } from './availability.ts';
import { formatPath } from './key-path.ts';
import { readYaml } from './read-yaml.ts';
import { fromJson, type ConfigNode } from './source-tree.ts';
import { validate } from './validate.ts';

function usesIn(text: string): string[] {
  const source = { kind: 'file', name: 'a.yaml', folder: '/', text } as const;
  const root: ConfigNode = readYaml(source).root ?? fromJson({}, { source, from: 0, to: 0 });
  const result = validate(root);
  assert.ok('config' in result, JSON.stringify(result));
  return unavailableUses(result.config).map(({ path }) => formatPath(path));
}

describe('what is not available yet', () => {
  test('is nothing that the defaults use', () => assert.deepEqual(usesIn(''), []));

  test('is refused where it is switched on, at every place', () => {
    assert.deepEqual(usesIn('egress: { policies: { retry: {} } }\ngateway: { policies: { retry: {} } }\n'), [
      'egress.policies.retry',
    ]);
    const providers = 'claude: { credentials: { store: a } }, chatgpt: { credentials: [{ api_key: a }, { store: b }] }';
    assert.deepEqual(usesIn(`ai: { enabled: true, providers: { ${providers} } }\n`), []);
  });

  test('may be written as long as it stays off', () => {
    assert.deepEqual(usesIn('policies: { retry: false, auth: none }\negress:\n'), []);
    assert.deepEqual(usesIn('gateway: { routes: [{ to: { backends: ["http://a"], health: null } }] }\n'), []);
  });

  test('can be listed in words for the reference', () => {
    assert.ok(unavailableFeatures().every((what) => /^[a-zA-Z ]+$/.test(what)));
  });
});
