import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EditableFields } from '../../engine/fields.ts';
import { AnsweredFields } from './answered-fields.ts';

test('the fields of an answer are those that it has', () => {
  const fields = new EditableFields();
  fields.append('Vary', 'Accept');
  fields.append('X-Own', '1');
  fields.append('Vary', 'Origin');
  const answered = new AnsweredFields(fields);
  assert.deepEqual(
    [
      answered.get('vary'),
      answered.getAll('vary'),
      answered.get('etag'),
      answered.getAll('etag'),
      answered.get('x-own'),
    ],
    ['Accept', ['Accept', 'Origin'], undefined, [], '1'],
  );
  assert.equal(answered.entries().length, 3);
});
