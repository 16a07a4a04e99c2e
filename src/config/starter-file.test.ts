import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readYaml } from './read-yaml.ts';
import { starterFile } from './starter-file.ts';
import { toPlain } from './source-tree.ts';
import { validate } from './validate.ts';

function read(text: string) {
  const { root, faults } = readYaml({ kind: 'file', name: 'sluice.yaml', folder: '/', text });
  assert.deepEqual(faults, []);
  return root!;
}

describe('the starter file', () => {
  const text = starterFile('edge.schema.json');

  test('names the schema for editors on its first line', () => {
    assert.match(text, /^# yaml-language-server: \$schema=edge\.schema\.json\n/);
  });

  test('is valid as it stands', () => assert.ok('config' in validate(read(text))));

  test('is valid with every setting that it shows in a comment, and these are the defaults', () => {
    const settings = /^# ((?:[a-z_]+:|  [a-z_]+:).*)$/gm;
    const everything = text.replaceAll(settings, '$1');
    const shown = toPlain(read(everything)) as Record<string, unknown>;
    assert.deepEqual(Object.keys(shown), ['gateway', 'process', 'log', 'admin', 'metrics', 'limits', 'timeouts']);
    const [given, defaults] = [read(everything), read('log: {}')].map((root) => {
      const result = validate(root);
      assert.ok('config' in result, JSON.stringify(result));
      return result.config;
    });
    assert.deepEqual({ ...given, gateway: undefined }, { ...defaults, gateway: undefined });
  });
});
