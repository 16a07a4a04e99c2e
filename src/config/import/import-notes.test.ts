import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImportNotes } from './import-notes.ts';

test('the same thing is told once', () => {
  const notes = new ImportNotes();
  notes.add('lost', 'a', 'x');
  notes.add('lost', 'a', 'x');
  notes.add('lost', 'b', 'x');
  notes.add('changed', 'a', 'y');
  assert.deepEqual(
    notes.list.map(({ kind, key, text }) => `${kind} ${key} ${text}`),
    ['lost a x', 'lost b x', 'changed a y'],
  );
});
