import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownNames } from './known-names.ts';

test('names that were written are known to whoever has the memory, until they are taken out', async () => {
  const names = new KnownNames();
  const reader = new KnownNames(names.memory);
  for (const name of ['app', 'second', 'x'.repeat(63), 'x'.repeat(64)]) names.add(name);
  const known = (): string[] =>
    ['app', 'second', 'third', '', 'x'.repeat(63), 'x'.repeat(64)].filter((name) => reader.has(name));
  assert.deepEqual(known(), ['app', 'second', 'x'.repeat(63)]);
  names.delete('app');
  names.delete('second');
  names.delete('third');
  await Promise.resolve();
  assert.deepEqual(known(), ['x'.repeat(63)]);
  names.add('app');
  assert.ok(reader.has('app'));
});

test('there is room for so many, and none is taken for another', () => {
  const names = new KnownNames();
  for (let at = 0; at < 5_000; at += 1) names.add(`name-${at}`);
  assert.ok(names.has('name-0') && names.has('name-3071') && !names.has('name-3072') && !names.has('name-x'));
});
