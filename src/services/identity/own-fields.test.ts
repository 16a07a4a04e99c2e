import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EditableFields } from '../../engine/fields.ts';
import { OwnFields } from './own-fields.ts';

test('fields of our own are taken out in every spelling, and no others', () => {
  const fields = new EditableFields();
  for (const name of [
    'x-user',
    'X_User',
    'X-USER',
    'x-user-id',
    'xuser',
    'Remote-Groups',
    'remote_groups',
    'A_b-c_d-e_f',
    'a-b-c-d-e-f',
  ]) {
    fields.append(name, 'a');
  }
  new OwnFields(['X-User', 'Remote_Groups', 'A-B-C-D-E-F']).takeOut(fields);
  assert.deepEqual(
    fields.entries().map(([name]) => name),
    ['x-user-id', 'xuser'],
  );
});
