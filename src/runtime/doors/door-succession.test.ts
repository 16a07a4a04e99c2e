import assert from 'node:assert/strict';
import { test } from 'node:test';
import { succession } from '../../transport/port-sharing.ts';
import { beginSuccession } from './door-succession.ts';

test('doors pass on between the beginning and the end, whether or not it comes to something', () => {
  const said: string[] = [];
  const begun = beginSuccession();
  succession.took(
    () => said.push('undo'),
    () => said.push('finish'),
  );
  begun.complete();
  assert.deepEqual([said, succession.isUnderWay], [['finish'], true]);
  begun.end();
  assert.equal(succession.isUnderWay, false);
  beginSuccession().abandon();
  assert.equal(succession.isUnderWay, false);
});
