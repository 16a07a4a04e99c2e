import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { restOfPath } from './rest-of-path.ts';

describe('restOfPath', () => {
  for (const [pattern, path, rest] of [
    ['/old/*', '/old/a/b', 'a/b'],
    ['/old/*', '/old/', ''],
    ['/old/*', '/old/a/', 'a/'],
    ['/*', '/a', 'a'],
    ['/*', '/', ''],
    ['/*', '*', ''],
    ['/old/{rest}', '/old/a', 'a'],
    ['/users/{id}/*', '/users/7/posts/1', 'posts/1'],
    ['/old', '/old', ''],
    ['/users/{id}', '/users/7', ''],
  ] as const) {
    test(`of ${path} under ${pattern} is ${rest === '' ? 'nothing' : rest}`, () => {
      assert.equal(restOfPath(pattern, path), rest);
    });
  }

  test('is counted from where the router counts, and keeps its spelling', () => {
    assert.equal(restOfPath('/old/*', '/x/../%6fld/%41/./b%2Fc'), '%41/b%2Fc');
    assert.equal(restOfPath('/old/*', '/old/a/%2e%2E'), '');
  });

  test('never begins with a slash, or what a browser takes for one', () => {
    assert.equal(restOfPath('/old/*', '/old//evil.test/'), 'evil.test/');
    assert.equal(restOfPath('/*', '/\\evil.test'), '%5Cevil.test');
  });

  test('has nothing in it that does not belong into a URL', () => {
    assert.equal(restOfPath('/*', '/a"<b>\xe9'), 'a%22%3Cb%3E%E9');
  });
});
