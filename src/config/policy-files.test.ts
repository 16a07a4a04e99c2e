import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { namePolicyFiles } from './policy-files.ts';
import { readYaml } from './read-yaml.ts';
import { toPlain } from './source-tree.ts';

const HOME = resolve('/home/jo');
const FOLDER = resolve('/etc/sluice');

function named(text: string): ReturnType<typeof namePolicyFiles> {
  const { root } = readYaml({ kind: 'file', name: 'a.yaml', folder: FOLDER, text });
  assert.ok(root?.kind === 'map');
  return namePolicyFiles(root, { env: { HOME } });
}

test('modules have whole paths wherever policies stand, and nothing else changes', () => {
  const { root, faults } = named(`
policies: { acl: {}, ./a.ts: { ./x: 1 } }
egress: { policies: { ~/b.ts: false } }
gateway:
  policies: { ../c.ts: {} }
  routes:
    - { match: { header: { ./h: x } }, policies: { /d.ts: {} } }
`);
  assert.deepEqual(toPlain(root), {
    policies: { acl: {}, [resolve(FOLDER, 'a.ts')]: { './x': 1 } },
    egress: { policies: { [resolve(HOME, 'b.ts')]: false } },
    gateway: {
      policies: { [resolve('/etc/c.ts')]: {} },
      routes: [{ match: { header: { './h': 'x' } }, policies: { [resolve('/d.ts')]: {} } }],
    },
  });
  assert.deepEqual(faults, []);
});

test('one route alone is a list of one', () => {
  const { root } = named('gateway: { routes: { policies: { ./a.ts: {} } } }');
  assert.deepEqual(toPlain(root), { gateway: { routes: { policies: { [resolve(FOLDER, 'a.ts')]: {} } } } });
});

test('one file by two names is a key that stands twice', () => {
  const { faults } = named('policies: { ./a.ts: {}, ./b/../a.ts: {} }');
  assert.deepEqual(
    faults.map(({ code, place }) => [code, place?.source.text.slice(place.from, place.to)]),
    [['config_duplicate_key', './b/../a.ts']],
  );
});
