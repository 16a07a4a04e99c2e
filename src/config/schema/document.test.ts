import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from './document.ts';

test('an empty document is a configuration', () => {
  const config = documentSchema.parse({});
  assert.deepEqual(Object.keys(config), [
    'process',
    'log',
    'admin',
    'metrics',
    'traces',
    'limits',
    'timeouts',
    'dns',
    'users',
    'policies',
    'egress',
    'hops',
    'gateway',
    'cache',
    'exec',
    'agents',
    'ai',
    'tunnels',
  ]);
});

test('an empty section is as if it were not there', () => {
  const empty = Object.fromEntries(Object.keys(documentSchema.parse({})).map((name) => [name, undefined]));
  assert.deepEqual(documentSchema.parse(empty), documentSchema.parse({}));
});

test('unknown sections are refused', () => {
  for (const key of ['colour', '__proto__', 'constructor']) {
    const document = Object.defineProperty({}, key, { value: {}, enumerable: true });
    assert.ok(!documentSchema.safeParse(document).success, key);
  }
});

test('a configuration is plain JSON', () => {
  const config = documentSchema.parse({});
  assert.deepEqual(JSON.parse(JSON.stringify(config)), config);
});
