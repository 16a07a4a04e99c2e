import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { absolutePath, FILE_PATHS, homeFolder, makePathsAbsolute } from './file-paths.ts';
import { readYaml } from './read-yaml.ts';
import { alternatives, documentJsonSchema, type JsonSchema } from './schema-reference.ts';
import { validate } from './validate.ts';
import type { Config } from './config.ts';

const HOME = resolve('/home/jo');
const CWD = resolve('/work');
const FOLDER = resolve('/etc/sluice');

function absoluteConfig(text: string): Config {
  const { root } = readYaml({ kind: 'file', name: 'a.yaml', folder: FOLDER, text });
  const result = validate(root!);
  assert.ok('config' in result, JSON.stringify(result));
  makePathsAbsolute(result.config, root!, { cwd: CWD, env: { HOME } });
  return result.config;
}

describe('paths', () => {
  test('start from the folder of the file that names them', () => {
    const { log, gateway } = absoluteConfig(
      'log: { file: logs/a }\ngateway: { tls: { cert: /c.pem, key: ~/k.pem } }\n',
    );
    assert.equal(log.file, resolve(FOLDER, 'logs/a'));
    assert.deepEqual(gateway.tls?.certificates, [{ cert: resolve('/c.pem'), key: resolve(HOME, 'k.pem') }]);
    assert.deepEqual(gateway.listen[0]?.tls, gateway.tls);
  });

  test('of the defaults start from the working directory or the home folder', () => {
    const { process, agents } = absoluteConfig('log: { level: info }\n');
    assert.equal(process.data_dir, resolve(HOME, '.sluice'));
    assert.equal(agents.workspace, CWD);
  });

  test('that are in the list are those that the schema calls paths', () => {
    const fromSchema = pathKeys(documentJsonSchema(), '')
      .map(normalised)
      .filter(
        (path) =>
          !/^(?:gateway|egress|tunnels|process)\..*tls\.(?:cert|key)$/.test(path) || /routes|policies/.test(path),
      );
    assert.deepEqual([...new Set(fromSchema)].sort(), [...FILE_PATHS].sort());
  });
});

/** What may stand alone is a list in the normalised configuration. */
function normalised(path: string): string {
  return path
    .replace(/^gateway\.listen\.(?!\*)/, 'gateway.listen.*.')
    .replace(/^ai\.providers\.\w+\.credentials\.(?:\*\.)?/, 'ai.providers.*.credentials.*.');
}

function pathKeys(schema: JsonSchema, path: string): string[] {
  const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
  return alternatives(schema).flatMap((branch) => [
    ...(branch['x-kind'] === 'path' ? [path] : []),
    ...Object.entries(branch.properties ?? {}).flatMap(([key, property]) => pathKeys(property, below(key))),
    ...(branch.items === undefined ? [] : pathKeys(branch.items, below('*'))),
    ...(typeof branch.additionalProperties === 'object' ? pathKeys(branch.additionalProperties, below('*')) : []),
  ]);
}

test('the home folder is that of the environment, else that of the system', () => {
  assert.equal(homeFolder({ HOME: '/h' }), '/h');
  assert.equal(homeFolder({ USERPROFILE: '/u' }), '/u');
  assert.equal(homeFolder({}), homedir());
});

test('only "~" alone or before a slash is the home folder', () => {
  const env = { HOME };
  assert.equal(absolutePath('~', CWD, env), HOME);
  assert.equal(absolutePath('~/a', CWD, env), resolve(HOME, 'a'));
  assert.equal(absolutePath('~jo/a', CWD, env), resolve(CWD, '~jo/a'));
});
