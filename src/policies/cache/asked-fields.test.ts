import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldList } from '../../services/cache/rules/field-reader.ts';
import { AskedFields } from './asked-fields.ts';

test('who a client is goes by what it has sent, and all else by what went out', () => {
  const out = new FieldList([
    ['Authorization', 'of ours'],
    ['X-A', '1'],
  ]);
  const fields = new AskedFields(out, { hasAuthorization: false, hasCookie: true });
  assert.deepEqual([fields.get('authorization'), fields.get('cookie'), fields.get('x-a')], [undefined, '', '1']);
  assert.deepEqual([fields.getAll('x-a'), fields.entries().length], [['1'], 2]);
});
