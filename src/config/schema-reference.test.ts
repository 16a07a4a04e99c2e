import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  alternatives,
  definition,
  documentJsonSchema,
  editorJsonSchema,
  fieldTraits,
  knownKeys,
  schemasAt,
  type JsonSchema,
} from './schema-reference.ts';

describe('the schema as data', () => {
  test('describes every key', () => {
    const silent: string[] = [];
    const visit = (schema: JsonSchema, path: string): void => {
      for (const branch of alternatives(schema)) {
        for (const [key, property] of Object.entries(branch.properties ?? {})) {
          if ((property.description ?? '').length < 5) silent.push(`${path}.${key}`);
          visit(property, `${path}.${key}`);
        }
        if (branch.items !== undefined) visit(branch.items, `${path}[]`);
        if (typeof branch.additionalProperties === 'object') visit(branch.additionalProperties, `${path}.*`);
      }
    };
    visit(documentJsonSchema(), '');
    assert.deepEqual(silent, []);
  });

  test('gives every key a default, or an example, or needs it', () => {
    const { properties = {} } = documentJsonSchema();
    assert.deepEqual(
      Object.entries(properties).filter(([, section]) => section.default === undefined),
      [],
    );
    assert.deepEqual(definition('#/definitions/policies').properties?.['cache']?.examples, [{ default_ttl: '60s' }]);
  });
});

describe('what stands at a path', () => {
  test('is found through lists, unions, names of the user and shared definitions', () => {
    const paths = [
      ['gateway', 'routes', 0, 'match', 'host'],
      ['gateway', 'routes', '[]', 'to', 'backends', 1, 'url'],
      ['gateway', 'routes', 'match', 'host'],
      ['hops', 'corporate', 'proxies', 0, 'tags', 'country'],
      ['gateway', 'policies', 'cache', 'default_ttl'],
      ['gateway', 'listen', 0, 'tls', 'certificates', 0, 'cert'],
    ];
    for (const path of paths) assert.ok(schemasAt(path).length > 0, path.join('.'));
  });

  test('may be a key of a certain form', () => {
    const [found] = schemasAt(['gateway', 'routes', 0, 'policies', './own.ts']);
    assert.match(found?.description ?? '', /policy of your own/);
    assert.deepEqual(schemasAt(['policies', 'own.ts']), []);
    assert.equal(definition('#/definitions/policies').additionalProperties, false);
  });

  test('is nothing for a key that is not there, whatever JavaScript says', () => {
    for (const key of ['nothing', 'constructor', 'toString', '__proto__'])
      assert.deepEqual(schemasAt(['gateway', key]), [], key);
    assert.deepEqual(schemasAt(['process', 'workers', 'x']), []);
  });

  test('has known keys, those of all shapes', () => {
    assert.deepEqual(knownKeys(['log']), ['level', 'format', 'file', 'access', 'ai_bodies']);
    for (const key of ['backends', 'redirect', 'respond', 'tunnel']) {
      assert.ok(knownKeys(['gateway', 'routes', 0, 'to']).includes(key));
    }
    assert.ok(knownKeys(['gateway', 'policies']).includes('rate_limit'));
    assert.deepEqual(knownKeys(['gateway', 'routes']), []);
  });

  test('has a kind and may be a secret', () => {
    assert.deepEqual(fieldTraits(['timeouts', 'idle']), { kind: 'duration', secret: false });
    assert.deepEqual(fieldTraits(['gateway', 'policies', 'rate_limit', 'rate']), { kind: 'rate', secret: false });
    assert.deepEqual(fieldTraits(['users', 3, 'token']), { kind: undefined, secret: true });
    assert.deepEqual(fieldTraits(['ai', 'providers', 'claude', 'credentials', 0, 'api_key']), {
      kind: undefined,
      secret: true,
    });
    assert.equal(fieldTraits(['tunnels', 'client', 'tunnels', 0, 'auth']).secret, true);
  });
});

describe('the schema for editors', () => {
  const editor = z.fromJSONSchema(editorJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

  test('is draft-07 and says so', () => {
    assert.equal((editorJsonSchema() as { $schema?: string }).$schema, 'http://json-schema.org/draft-07/schema#');
  });

  test('accepts every example', () => {
    const folder = new URL('../../examples/', import.meta.url);
    const files = readdirSync(folder).filter((file) => /\.(?:yaml|json)$/.test(file));
    assert.ok(files.length > 0);
    for (const file of files) {
      const { error } = editor.safeParse(parse(readFileSync(new URL(file, folder), 'utf8')));
      assert.equal(error, undefined, `${file}: ${error?.message}`);
    }
  });

  test('accepts a variable in the place of a number, boolean, word or pattern, and nothing else', () => {
    const accepts = (document: unknown): boolean => editor.safeParse(document).success;
    assert.ok(accepts({ process: { workers: '${N}' }, gateway: { http2: '${H:-true}' }, log: { level: '${L}' } }));
    assert.ok(!accepts({ process: { workers: 'N' } }));
    assert.ok(!accepts({ log: { level: 'N' } }));
    assert.ok(!accepts({ gatway: {} }));
  });
});
