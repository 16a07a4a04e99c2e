import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KeyPath } from './key-path.ts';
import { schemasAt } from './schema-reference.ts';
import { typeName } from './type-name.ts';

describe('types in words', () => {
  const cases: [path: KeyPath, name: string][] = [
    [['process', 'workers'], '`auto`, or number from 1 to 256'],
    [['timeouts', 'idle'], 'duration'],
    [['limits', 'url'], 'size'],
    [['limits', 'connections'], 'number from 1 on'],
    [['log', 'level'], '`trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`'],
    [['log', 'file'], 'path, or null'],
    [['log', 'access'], 'true or false, or `json`, `common`, `combined`'],
    [['admin', 'listen'], 'address, or null'],
    [['egress', 'listen'], 'address, or list of addresses, or null'],
    [['egress', 'chain'], 'list of texts'],
    [['egress', 'rules', 0, 'match', 'port'], 'number from 1 to 65535, or list of numbers from 1 to 65535'],
    [['gateway', 'default_backend'], 'URL, or null'],
    [['gateway', 'routes'], 'list of maps'],
    [['gateway', 'routes', 0, 'to', 'backends'], 'list of (URL, or map)'],
    [['gateway', 'routes', 0, 'to', 'status'], '`301`, `302`, `303`, `307`, `308`'],
    [['gateway', 'routes', 0, 'match', 'header'], 'map of names to texts'],
    [['gateway', 'policies'], 'map'],
    [['gateway', 'policies', 'compress', 'encodings'], 'list of `zstd`, `br`, `gzip`'],
    [['hops'], 'map of names to maps'],
  ];
  for (const [path, name] of cases) {
    test(`${path.join('.')} is ${name}`, () => assert.equal(schemasAt(path).map(typeName).join(), name));
  }

  test('of a schema that says nothing is anything', () => assert.equal(typeName({}), 'anything'));
});
