import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { interpolate, type Interpolated, type VariableFault } from './interpolate.ts';

const FILES: Readonly<Record<string, string>> = {
  '/run/secret': 'from-a-file\n',
  '/run/empty': '',
  '/run/two': 'a\nb\n',
};

function resolve(text: string, env: Record<string, string> = {}): Interpolated | VariableFault {
  const readSecretFile = (path: string): string => {
    const content = FILES[path];
    if (content === undefined) throw new Error('there is no such file');
    return content;
  };
  return interpolate(text, { env, readSecretFile });
}

function textOf(text: string, env: Record<string, string> = {}): string {
  const result = resolve(text, env);
  assert.equal(result.kind, 'text', JSON.stringify(result));
  return result.kind === 'text' ? result.text : '';
}

function faultOf(text: string, env: Record<string, string> = {}): VariableFault {
  const result = resolve(text, env);
  assert.ok(result.kind === 'fault', JSON.stringify(result));
  return result;
}

describe('variables', () => {
  test('are replaced by their values, wherever they stand', () => {
    assert.equal(textOf('${A}-${B}${A}', { A: '1', B: '2' }), '1-21');
  });

  test('take their default when they are not set or empty', () => {
    assert.equal(textOf('${A:-x}', {}), 'x');
    assert.equal(textOf('${A:-x}', { A: '' }), 'x');
    assert.equal(textOf('${A:-x}', { A: 'y' }), 'y');
    assert.equal(textOf('${A:-}', {}), '');
  });

  test('may stand in defaults and in names of files', () => {
    assert.equal(textOf('${A:-${B:-<${C}>}}', { C: 'c' }), '<c>');
    assert.equal(textOf('${file:${DIR}/secret}', { DIR: '/run' }), 'from-a-file');
  });

  test('may be set to nothing on purpose', () => assert.equal(textOf('<${A}>', { A: '' }), '<>'));

  test('that are not set are a fault that names them', () => {
    const fault = faultOf('x${A}y', {});
    assert.equal(fault.code, 'config_unset_variable');
    assert.equal(fault.message, 'the variable A is not set');
    assert.equal(fault.placeholder, '${A}');
    assert.match(fault.hint ?? '', /\$\{A:-default\}/);
  });

  test('that are needed are a fault with the message of whoever needs them', () => {
    assert.equal(faultOf('${A:?ask Bob}').message, 'A: ask Bob');
    assert.equal(faultOf('${A:?}', { A: '' }).message, 'A: is not set');
    assert.equal(textOf('${A:?ask Bob}', { A: 'a' }), 'a');
  });

  test('are not looked for in their own values', () => assert.equal(textOf('${A}', { A: '${B}' }), '${B}'));

  test('are left alone behind another dollar', () => {
    assert.equal(textOf('$${A} $$ $ {A} $A', { A: 'x' }), '${A} $$ $ {A} $A');
    assert.equal(textOf('$${A}${A}', { A: 'x' }), '${A}x');
  });

  test('that are not written right are a fault', () => {
    for (const text of ['${}', '${A', '${1}', '${A B}', '${A:+x}', '${a.b}', '${A:-${B}']) {
      assert.equal(faultOf(text, { A: '' }).code, 'config_syntax', text);
    }
  });
});

describe('secret files', () => {
  test('are read without the line break at their end', () => {
    assert.equal(textOf('${file:/run/secret}'), 'from-a-file');
    assert.equal(textOf('${file:/run/two}'), 'a\nb');
  });

  test('mark what they are part of as secret', () => {
    const fromFile = resolve('x ${file:/run/secret}');
    const fromVariable = resolve('x ${A}', { A: 'a' });
    assert.deepEqual(fromFile.kind === 'text' && [fromFile.changed, fromFile.secret], [true, true]);
    assert.deepEqual(fromVariable.kind === 'text' && [fromVariable.changed, fromVariable.secret], [true, false]);
  });

  test('that cannot be read are a fault that says why', () => {
    const fault = faultOf('${file:/nowhere}');
    assert.equal(fault.code, 'config_unreadable');
    assert.equal(fault.message, 'cannot read /nowhere: there is no such file');
  });
});

describe('user names and passwords in URLs', () => {
  test('may hold any character, and the URL still has the same host', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (user, password) => {
        const parsed = new URL(textOf('http://${USER}:${PASS}@proxy.example:8080/x', { USER: user, PASS: password }));
        assert.equal(parsed.host, 'proxy.example:8080');
        assert.equal(parsed.pathname, '/x');
      }),
    );
  });

  test('are percent-encoded where they must be, and only there', () => {
    assert.equal(textOf('http://${U}:${P}@h', { U: 'a', P: 'p@ss/#:%' }), 'http://a:p%40ss%2F%23:%25@h');
    assert.equal(textOf('http://${U}@h', { U: 'a%40b:c' }), 'http://a%40b:c@h');
    assert.equal(textOf('http://h/${P}@x', { P: 'a/b' }), 'http://h/a/b@x');
    assert.equal(textOf('http://${HOST}', { HOST: 'h/x' }), 'http://h/x');
    assert.equal(textOf('${URL}', { URL: 'http://a:b@h' }), 'http://a:b@h');
  });
});

test('a text without variables comes back as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('${')),
      (text) => textOf(text) === text,
    ),
  );
});
