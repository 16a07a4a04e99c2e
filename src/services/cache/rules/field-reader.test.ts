import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldList } from './field-reader.ts';

test('fields in a list are found in any case, and all of one name in their order', () => {
  const fields = new FieldList([
    ['Vary', 'A'],
    ['vary', 'B'],
  ]);
  assert.equal(fields.get('vary'), 'A');
  assert.deepEqual(fields.getAll('vary'), ['A', 'B']);
  assert.equal(fields.get('age'), undefined);
  assert.equal(fields.entries().length, 2);
});
