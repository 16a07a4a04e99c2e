import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FAULT } from './faults.ts';
import { Head, METHOD, TARGET_FORM } from './head.ts';
import { isAuthority, readTarget } from './request-target.ts';

function headWith(target: string, methodId: number): Head {
  const head = new Head();
  head.bytes = Buffer.from(`xxGET ${target} HTTP/1.1`, 'latin1');
  head.start = 2;
  head.methodId = methodId;
  head.targetFrom = 4;
  head.targetTo = 4 + target.length;
  return head;
}

function parts(target: string, methodId: number = METHOD.GET): [form: number, authority: string, path: string] {
  const head = headWith(target, methodId);
  assert.equal(readTarget(head), null, target);
  return [head.targetForm, head.text(head.authorityFrom, head.authorityTo), head.text(head.pathFrom, head.targetTo)];
}

describe('a request target', () => {
  test('in origin form is a path', () => {
    assert.deepEqual(parts('/a/b?c'), [TARGET_FORM.ORIGIN, '', '/a/b?c']);
    assert.deepEqual(parts('//a'), [TARGET_FORM.ORIGIN, '', '//a']);
  });

  test('in absolute form has an authority and perhaps a path', () => {
    assert.deepEqual(parts('http://a/b'), [TARGET_FORM.ABSOLUTE, 'a', '/b']);
    assert.deepEqual(parts('hTTpS://a:8443?b'), [TARGET_FORM.ABSOLUTE, 'a:8443', '?b']);
    assert.deepEqual(parts('http://[::1]:80'), [TARGET_FORM.ABSOLUTE, '[::1]:80', '']);
    assert.deepEqual(parts('http://a//b@c:d'), [TARGET_FORM.ABSOLUTE, 'a', '//b@c:d']);
  });

  test('of CONNECT is an authority', () => {
    assert.deepEqual(parts('a.example:443', METHOD.CONNECT), [TARGET_FORM.AUTHORITY, 'a.example:443', '']);
    assert.deepEqual(parts('[::1]:1', METHOD.CONNECT), [TARGET_FORM.AUTHORITY, '[::1]:1', '']);
  });

  test('is the asterisk only for OPTIONS', () => {
    assert.deepEqual(parts('*', METHOD.OPTIONS), [TARGET_FORM.ASTERISK, '', '*']);
    assert.equal(readTarget(headWith('*', METHOD.GET)), FAULT.targetForm);
  });

  test('in any other form is refused', () => {
    for (const target of ['a', 'ws://a/', 'http:/a', 'http:a', 'httpx://a', 'mailto:a@b', '?a', 'h']) {
      assert.equal(readTarget(headWith(target, METHOD.GET)), FAULT.targetForm, target);
    }
    for (const target of ['http://', 'http:///a', 'http://?', 'https://a@b/', 'http://a:b/', 'http://[::1/']) {
      assert.equal(readTarget(headWith(target, METHOD.GET)), FAULT.targetAuthority, target);
    }
    for (const target of ['a', 'a:', 'a:0', 'a:65536', ':1', '1', '::1:1', 'a:1x', 'a@b:1', '[::1]', '/', '*']) {
      assert.equal(readTarget(headWith(target, METHOD.CONNECT)), FAULT.targetAuthority, target);
    }
  });
});

describe('a host and port', () => {
  const accepts = (text: string): boolean => isAuthority(Buffer.from(`:${text}:`, 'latin1'), 1, 1 + text.length);

  test('is accepted in every valid spelling', () => {
    for (const text of [
      'a',
      'A.b-c_d.',
      'a:',
      'a:0',
      'a:65535',
      '192.0.2.1',
      '[::]',
      '[1:2:3:4:5:6:7:8]:9',
      '%41',
      'a%2Fb',
    ]) {
      assert.ok(accepts(text), text);
    }
  });

  test('is refused when it is anything else', () => {
    for (const text of [
      '',
      ':',
      ':1',
      'a:65536',
      'a:000000',
      'a:1:2',
      'a b',
      'a,b',
      '%',
      '%4',
      '%4g',
      'a%',
      '[]',
      '[::1',
      '::1',
      '[::1]1',
      '[::1%1]',
      '[1.2.3.4]',
      '[v1.a]',
      `[${'0:'.repeat(30)}]`,
    ]) {
      assert.ok(text === 'a:000000' ? accepts(text) : !accepts(text), text);
    }
  });
});
