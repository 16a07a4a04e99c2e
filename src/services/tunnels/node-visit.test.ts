import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVisit, visitLine } from './node-visit.ts';

test('who comes is told in one line, and read again', () => {
  const ends = { sourceAddress: '2001:db8::1', sourcePort: 5, destinationAddress: '10.0.0.1', destinationPort: 20_001 };
  const known = { name: 'tcp-20001', ends };
  assert.deepEqual(readVisit(visitLine(known)), known);
  assert.deepEqual(readVisit(visitLine({ name: 'app', ends: null })), { name: 'app', ends: null });
  assert.deepEqual(readVisit('visit app nowhere 5 10.0.0.1 6'), { name: 'app', ends: null });
  assert.deepEqual(['visit ', 'come app', ''].map(readVisit), [null, null, null]);
});
