import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitOf, failure, ok, skipped, warning } from './finding.ts';

test('the exit code is that of the gravest failure', () => {
  const fine = [ok('node', '', 'x'), skipped('hop', 'a', 'x')];
  assert.equal(exitOf(fine, true), 0);
  assert.equal(exitOf([...fine, failure('backend', 'b', 'x')], false), 1);
  assert.equal(exitOf([failure('backend', 'b', 'x'), failure('account', 'a', 'x')], false), 4);
  assert.equal(exitOf([failure('account', 'a', 'x'), failure('port', 'p', 'x'), warning('disk', '', 'x')], true), 3);
});

test('warnings count only where they are asked for', () => {
  const found = [warning('files', '', 'few', 'more')];
  assert.equal(exitOf(found, false), 0);
  assert.equal(exitOf(found, true), 6);
});
