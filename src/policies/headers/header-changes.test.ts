import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EditableFields } from '../../engine/fields.ts';
import { type Changes, HeaderChanges } from './header-changes.ts';

function after(changes: Partial<Changes>, ...fields: readonly (readonly [string, string])[]): string[] {
  const made = new HeaderChanges({ set: {}, add: {}, remove: [], ...changes });
  const all = new EditableFields();
  for (const [name, value] of fields) all.append(name, value);
  made.take(all);
  made.put(all);
  return all.entries().map((entry) => entry.join(': '));
}

describe('changes to header fields', () => {
  test('replace, add and take out, whatever the spelling', () => {
    const changes = { set: { 'X-One': '1' }, add: { 'X-Two': '2' }, remove: ['X-THREE'] };
    const fields = [
      ['x-one', 'a'],
      ['X-ONE', 'b'],
      ['x-two', 'c'],
      ['x-three', 'd'],
      ['x-four', 'e'],
    ] as const;
    assert.deepEqual(after(changes, ...fields), ['x-two: c', 'x-four: e', 'X-One: 1', 'X-Two: 2']);
  });

  test('may set and add the same field, and take out and add it', () => {
    assert.deepEqual(after({ set: { A: '1' }, add: { a: '2' } }, ['a', 'x']), ['A: 1', 'a: 2']);
    assert.deepEqual(after({ add: { a: '2' }, remove: ['A'] }, ['a', 'x']), ['a: 2']);
  });

  test('of two spellings take the later one', () => assert.deepEqual(after({ set: { A: '1', a: '2' } }), ['a: 2']));

  test('know whether they are any, and which fields they decide on', () => {
    const none = new HeaderChanges({ set: {}, add: {}, remove: [] });
    assert.ok(none.isEmpty);
    const some = new HeaderChanges({ set: { A: '1' }, add: { B: '2' }, remove: ['C'] });
    assert.ok(!some.isEmpty);
    assert.deepEqual(
      ['a', 'B', 'c'].map((name) => some.decidesOn(name)),
      [true, false, true],
    );
  });
});
