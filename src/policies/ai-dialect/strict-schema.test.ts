import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strictSchema } from './strict-schema.ts';

test('what Anthropic knows stays, and what it does not is told in words', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    description: 'A person.',
    minProperties: 1,
    properties: {
      name: { type: 'string', minLength: 1, format: 'email' },
      code: { type: 'string', format: 'iban', pattern: '^x' },
      age: { type: ['integer', 'null'], minimum: 0, maximum: 150 },
      kind: { enum: ['a', 'b'] },
      tags: { type: 'array', items: { type: 'object' }, minItems: 1, maxItems: 9 },
    },
    required: ['name'],
    additionalProperties: true,
  };
  assert.deepEqual(strictSchema(schema), {
    type: 'object',
    description: 'A person.\n\n{minProperties: 1}',
    properties: {
      name: { type: 'string', format: 'email', description: '{minLength: 1}' },
      code: { type: 'string', description: '{format: "iban", pattern: "^x"}' },
      age: { type: ['integer', 'null'], description: '{minimum: 0, maximum: 150}' },
      kind: { enum: ['a', 'b'] },
      tags: {
        type: 'array',
        items: { type: 'object', properties: {}, additionalProperties: false },
        minItems: 1,
        description: '{maxItems: 9}',
      },
    },
    required: ['name'],
    additionalProperties: false,
  });
});

test('alternatives, references and what they refer to are held to the same', () => {
  const object = { type: 'object', properties: {} };
  const strict = { ...object, additionalProperties: false };
  assert.deepEqual(strictSchema({ oneOf: [object, { type: 'null' }] }), { anyOf: [strict, { type: 'null' }] });
  assert.deepEqual(strictSchema({ allOf: [object] }), { allOf: [strict] });
  assert.deepEqual(strictSchema({ $ref: '#/$defs/a', title: 'x', $defs: { a: object } }), {
    $ref: '#/$defs/a',
    $defs: { a: strict },
  });
  assert.deepEqual(
    strictSchema({ type: 'object', definitions: { a: object }, additionalProperties: { type: 'string' } }),
    {
      type: 'object',
      definitions: { a: strict },
      properties: {},
      additionalProperties: false,
      description: '{additionalProperties: {"type":"string"}}',
    },
  );
});
