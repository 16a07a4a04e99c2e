import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../schema/document.ts';
import { checkMirror } from './mirror.ts';

test('the forward proxy has no mirror', () => {
  const found = (document: object): number => {
    return checkMirror({ config: documentSchema.parse(document), isWritten: () => true }).length;
  };
  const policies = { mirror: { to: 'http://a' } };
  assert.deepEqual([found({ egress: { policies } }), found({ gateway: { policies } }), found({ policies })], [1, 0, 0]);
});
