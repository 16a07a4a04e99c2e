import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldLine } from '../answer-meta.ts';
import { FieldList } from './field-reader.ts';
import { invalidated } from './invalidation.ts';

const URL_ = 'http://a.test/x?y';
const after = (method: string, status = 200, ...lines: FieldLine[]): readonly string[] =>
  invalidated(method, URL_, status, new FieldList(lines));

test('what was sent to is no longer true after any method that may change it', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'FOO'])
    assert.deepEqual(after(method), [URL_], method);
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) assert.deepEqual(after(method), [], method);
});

test('nothing has changed when the answer is an error', () => {
  assert.deepEqual(after('POST', 404), []);
  assert.deepEqual(after('POST', 500), []);
  assert.deepEqual(after('POST', 303), [URL_]);
});

test('an answer names more of the same origin, and nothing of another', () => {
  assert.deepEqual(after('POST', 201, ['Location', '/new#part'], ['Content-Location', 'sub']), [
    URL_,
    'http://a.test/new',
    'http://a.test/sub',
  ]);
  assert.deepEqual(after('POST', 201, ['Location', 'http://b.test/new'], ['Content-Location', '//c.test/']), [URL_]);
  assert.deepEqual(after('POST', 201, ['Location', 'https://a.test/new']), [URL_]);
  assert.deepEqual(after('POST', 201, ['Location', 'http://']), [URL_]);
});

test('a path is found as the origin writes it', () => {
  assert.ok(after('POST', 201, ['Location', '/a/../b']).includes('http://a.test/a/../b'));
});
