import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalPath, isCanonicalPath } from './canonical-path.ts';

/** In a buffer with other bytes around it, as a path lies in a head. */
function within(path: string): [bytes: Buffer, from: number, to: number] {
  return [Buffer.from(`GET ${path} HTTP`, 'latin1'), 4, 4 + path.length];
}

function canonical(path: string): string {
  const spelled = canonicalPath(...within(path));
  assert.ok(isCanonicalPath(...within(path)) ? spelled.toString('latin1') === path : true, path);
  return spelled.toString('latin1');
}

describe('the one spelling of a path', () => {
  test('is what nearly every path is written in', () => {
    for (const path of ['/', '/a', '/a/b.html', '/a/', '/a;b=c/d,e', '/a/b..c', '/~x/$', '/*']) {
      assert.equal(isCanonicalPath(...within(path)), true, path);
      assert.equal(canonical(path), path);
    }
  });

  test('has no dot segments', () => {
    assert.equal(canonical('/a/./b'), '/a/b');
    assert.equal(canonical('/a/../b'), '/b');
    assert.equal(canonical('/a/b/..'), '/a/');
    assert.equal(canonical('/a/b/.'), '/a/b/');
    assert.equal(canonical('/../../a'), '/a');
    assert.equal(canonical('/..'), '/');
    assert.equal(canonical('/.'), '/');
  });

  test('keeps segments that only begin with dots', () => {
    assert.equal(canonical('/.well-known/x'), '/.well-known/x');
    assert.equal(canonical('/.../..a'), '/.../..a');
  });

  test('has single slashes, and keeps the one at the end', () => {
    assert.equal(canonical('//'), '/');
    assert.equal(canonical('//a///b//'), '/a/b/');
    assert.equal(canonical('/a//../b'), '/b');
  });

  test('has nothing encoded that need not be, and sees dots through their encoding', () => {
    assert.equal(canonical('/%61dmin'), '/admin');
    assert.equal(canonical('/a/%2e%2E/b'), '/b');
    assert.equal(canonical('/a%20b'), '/a b');
    assert.equal(canonical('/caf%C3%A9'), Buffer.from('/café').toString('latin1'));
  });

  test('keeps an encoded slash apart from a separator, in one spelling', () => {
    assert.equal(canonical('/a%2fb'), '/a%2Fb');
    assert.equal(canonical('/..%2Fadmin'), '/..%2Fadmin');
  });

  test('decodes once only', () => {
    assert.equal(canonical('/%2561'), '/%61');
    assert.equal(canonical('/%252e%252e/a'), '/%2e%2e/a');
  });

  test('keeps a percent sign that encodes nothing', () => {
    assert.equal(canonical('/100%'), '/100%');
    assert.equal(canonical('/%zz%4'), '/%zz%4');
  });
});
