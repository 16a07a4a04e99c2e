// The document of the admin API, held against what OpenAPI 3.1 and its readers expect of one.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { z } from 'zod';
import { AdminDesk } from '../../test/support/admin-desk.ts';
import { type OpenApiDocument, openApiDocument, type OpenApiOperation } from './openapi-document.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
/** Of the contract: what others build upon. */
const PROMISED = [
  'get /api/v1/health',
  'get /api/v1/status',
  'get /api/v1/config',
  'post /api/v1/reload',
  'get /api/v1/stats',
  'get /api/v1/proxies',
  'get /api/v1/proxies/{id}',
  'post /api/v1/proxies',
  'patch /api/v1/proxies/{id}',
  'delete /api/v1/proxies/{id}',
  'get /admin/cache/stats',
  'delete /admin/cache',
  'get /api/v1/cache/stats',
  'delete /api/v1/cache',
  'get /api/v1/connections',
  'get /api/v1/requests',
  'get /api/v1/events',
  'get /api/v1/tunnels',
  'delete /api/v1/tunnels/{name}',
  'get /api/v1/agents',
  'get /api/v1/ai/accounts',
  'get /api/v1/ai/usage',
];

type Json = Readonly<Record<string, unknown>>;

let document: OpenApiDocument;
let operations: (readonly [name: string, path: string, operation: OpenApiOperation])[];

before(async () => {
  document = JSON.parse(JSON.stringify(openApiDocument((await AdminDesk.open()).app))) as OpenApiDocument;
  operations = Object.entries(document.paths).flatMap(([path, item]) => {
    return METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [[`${method} ${path}`, path, operation] as const];
    });
  });
});

/** Everything in it that is an object, with where it stands. */
function* objectsIn(value: unknown, at = '#'): Generator<readonly [at: string, value: Json]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [at, value as Json];
  for (const [key, each] of Object.entries(value)) yield* objectsIn(each, `${at}/${key}`);
}

function resolved(ref: string): unknown {
  return ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>(
      (value, key) => (value as Json | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')],
      document,
    );
}

/** With what it refers to in its place; what refers to itself is anything. */
function whole(schema: unknown, within: readonly string[] = []): unknown {
  if (Array.isArray(schema)) return schema.map((each) => whole(each, within));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref: ref, ...rest } = schema as Json;
  if (typeof ref === 'string') return within.includes(ref) ? {} : whole(resolved(ref), [...within, ref]);
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, whole(value, within)]));
}

function faultOf(schema: unknown, example: unknown): string | null {
  const { examples: _1, example: _2, ...plain } = whole(schema) as Json;
  const result = z.fromJSONSchema(plain).safeParse(example);
  return result.success ? null : result.error.issues.map(({ message }) => message).join('; ');
}

describe('the OpenAPI document', () => {
  test('is of version 3.1, says who may come in, and has all that was promised', () => {
    assert.equal(document.openapi, '3.1.0');
    for (const requirement of document.security) {
      for (const name of Object.keys(requirement)) assert.ok(name in document.components.securitySchemes, name);
    }
    const names = new Set(operations.map(([name]) => name));
    assert.deepEqual(
      PROMISED.filter((each) => !names.has(each)),
      [],
    );
  });

  test('names each operation once, and says in a sentence what it does and where it belongs', () => {
    const ids = operations.map(([, , { operationId }]) => operationId ?? '');
    assert.deepEqual(
      ids.filter((id, index) => id === '' || ids.indexOf(id) !== index),
      [],
    );
    for (const [name, , { summary = '', tags = [] }] of operations) {
      assert.match(summary, /^\S.{3,120}[^.]$/, name);
      assert.ok(tags.length > 0 && tags.every((tag) => /^[a-z][a-z_-]*$/.test(tag)), name);
    }
  });

  test('declares the parameters of each path, and no others', () => {
    for (const [name, path, { parameters = [] }] of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, each]) => each);
      const declared = parameters.filter((each) => each.in === 'path').map((each) => each.name);
      assert.deepEqual(new Set(declared), new Set(inPath), name);
      const all = parameters.map((each) => `${each.in} ${each.name?.toLowerCase()}`);
      assert.equal(new Set(all).size, all.length, `${name} declares one twice`);
    }
    const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
    assert.equal(new Set(shapes).size, shapes.length, 'two paths are the same but for names');
  });

  test('describes every answer: one that went well, and refusals in the one shape of errors', () => {
    for (const [name, path, { responses, security }] of operations) {
      const codes = Object.keys(responses);
      assert.ok(
        codes.some((code) => /^[123]\d\d$/.test(code)),
        `${name} never goes well`,
      );
      for (const [code, { description, content }] of Object.entries(responses)) {
        assert.match(description, /\S/, `${name} ${code}`);
        if (!/^[45]/.test(code) || !path.startsWith('/api/v1/')) continue;
        const { 'application/json': json } = content as { 'application/json'?: { schema?: { $ref?: string } } };
        assert.equal(json?.schema?.$ref, '#/components/schemas/Error', `${name} ${code}`);
      }
      if (!path.startsWith('/api/v1/')) continue;
      assert.equal(codes.includes('401'), security === undefined, `${name} does not say whether it wants a token`);
      if (!name.startsWith('get '))
        for (const code of ['403', '412']) assert.ok(codes.includes(code), `${name} ${code}`);
      if (path.includes('{'))
        assert.ok(
          ['404', '422', '403'].some((code) => codes.includes(code)),
          name,
        );
    }
  });

  test('refers only to what is there, and has nothing that nobody refers to', () => {
    const refs = [...objectsIn(document)].flatMap(([at, { $ref: ref }]) =>
      typeof ref === 'string' ? [[at, ref] as const] : [],
    );
    for (const [at, ref] of refs) assert.ok(resolved(ref) !== undefined, `${at}: ${ref} is not there`);
    const used = new Set(refs.map(([, ref]) => ref));
    const unused = Object.keys(document.components.schemas).filter((name) => !used.has(`#/components/schemas/${name}`));
    assert.deepEqual(unused, []);
  });

  test('has examples that fit, and properties that are required only where they are described', () => {
    for (const [at, schema] of objectsIn(document)) {
      const { example, examples, required, properties } = schema;
      if (Array.isArray(required) && typeof properties === 'object' && properties !== null) {
        const missing = required.filter((name) => !(String(name) in properties));
        assert.deepEqual(missing, [], at);
      }
      if (!('type' in schema) && !('anyOf' in schema)) continue;
      const given = [...('example' in schema ? [example] : []), ...(Array.isArray(examples) ? examples : [])];
      for (const each of given) assert.equal(faultOf(schema, each), null, `${at}: ${JSON.stringify(each)}`);
    }
  });
});
