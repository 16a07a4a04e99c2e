import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { namesOfPattern, PathTemplate, placeholders } from './path-template.ts';

function rest(pattern: string, path: string): string {
  return new PathTemplate('{rest}', pattern).fill(path);
}

describe('the rest of a path', () => {
  for (const [pattern, path, expected] of [
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
    test(`of ${path} under ${pattern} is ${expected === '' ? 'nothing' : expected}`, () => {
      assert.equal(rest(pattern, path), expected);
    });
  }

  test('is counted from where the router counts, and keeps its spelling', () => {
    assert.equal(rest('/old/*', '/x/../%6fld/%41/./b%2Fc'), '%41/b%2Fc');
    assert.equal(rest('/old/*', '/old/a/%2e%2E'), '');
  });

  test('never begins with a slash, or what a browser takes for one', () => {
    assert.equal(rest('/old/*', '/old//evil.test/'), 'evil.test/');
    assert.equal(rest('/*', '/\\evil.test'), '%5Cevil.test');
  });

  test('has nothing in it that does not belong into a URL', () => {
    assert.equal(rest('/*', '/a"<b>\xe9'), 'a%22%3Cb%3E%E9');
  });
});

describe('a template', () => {
  test('takes named parts, the rest and the host, each as often as it likes', () => {
    const template = new PathTemplate('https://{host}/u/{id}/{rest}?of={id}', '/users/{id}/posts/*');
    assert.equal(template.fill('/users/7/posts/a/b', 'a.test'), 'https://a.test/u/7/a/b?of=7');
  });

  test('without places is what it is', () => {
    assert.equal(new PathTemplate('/new', '/old/*').fill('/old/a'), '/new');
  });

  test('leaves empty what its route has no value for', () => {
    assert.equal(new PathTemplate('/{rest}/{id}', '/old').fill('/old'), '//');
  });
});

test('names are found in texts and in patterns', () => {
  assert.deepEqual(placeholders('/a/{b}/{rest}'), ['b', 'rest']);
  assert.deepEqual(namesOfPattern('/a/{b}/*'), ['b', 'rest']);
  assert.deepEqual(namesOfPattern('/a/{rest}'), ['rest']);
  assert.deepEqual(namesOfPattern('/a'), []);
});
