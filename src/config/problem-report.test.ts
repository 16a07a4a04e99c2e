import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ConfigProblem } from './problem.ts';
import { problemOf, type Fault } from './problem-report.ts';
import type { Place, Source } from './source-tree.ts';

function placeOf(text: string, part: string): Place {
  const source: Source = { kind: 'file', name: 'a.yaml', folder: '/', text };
  const from = text.indexOf(part);
  return { source, from, to: from + part.length };
}

function report(text: string, part: string, more: Partial<Fault> = {}): ConfigProblem {
  return problemOf({ code: 'config_bad_value', message: 'no', place: placeOf(text, part), ...more });
}

function underCarets({ excerpt }: ConfigProblem): string {
  return excerpt!.text.slice(excerpt!.caretFrom, excerpt!.caretFrom + excerpt!.caretLength);
}

describe('the place of a problem', () => {
  test('has line and column from 1, the line and the one before it', () => {
    const problem = report('a: 1\r\nb:\r\n  c: x\r\n', 'x');
    assert.deepEqual([problem.file, problem.line, problem.column], ['a.yaml', 3, 6]);
    assert.deepEqual(problem.excerpt, { before: 'b:', text: '  c: x', caretFrom: 5, caretLength: 1 });
  });

  test('has no line before the first one', () => {
    assert.deepEqual(report('a: x', 'x').excerpt, { before: null, text: 'a: x', caretFrom: 3, caretLength: 1 });
  });

  test('is the end of the text when it is beyond', () => {
    const source: Source = { kind: 'file', name: 'a.yaml', folder: '/', text: 'a:\n' };
    const problem = problemOf({ code: 'config_syntax', message: 'no', place: { source, from: 99, to: 100 } });
    assert.deepEqual([problem.line, problem.column], [2, 1]);
  });

  test('is the variable or flag where there is no file, and the defaults where nobody said anything', () => {
    const place = (kind: 'environment' | 'flag', name: string): Place => ({
      source: { kind, name, folder: '/', text: '' },
      from: 0,
      to: 0,
    });
    const sources = [place('environment', 'LOG_LEVEL'), place('flag', '--port'), undefined].map(
      (at) => problemOf({ code: 'config_bad_value', message: 'no', place: at }).source,
    );
    assert.deepEqual(sources, ['environment variable LOG_LEVEL', 'flag --port', 'defaults']);
  });

  test('stays in sight in a long line', () => {
    const problem = report(`${'x'.repeat(500)}HERE${'y'.repeat(500)}`, 'HERE');
    assert.equal(underCarets(problem), 'HERE');
    assert.ok(problem.excerpt!.text.length <= 100);
    assert.equal(problem.column, 501);
  });

  test('stays under its characters when tabs and control characters stand before it', () => {
    const problem = report('\ta\u001b[31m: x', 'x');
    assert.equal(underCarets(problem), 'x');
    assert.doesNotMatch(problem.excerpt!.text, /[\t\u001b]/);
  });
});

describe('secrets in the shown lines', () => {
  test('are masked, and the carets still stand under what is meant', () => {
    const line = '- { token: hush-hush, url: "http://u:pw@h/", may: [egres] }';
    const problem = report(line, 'egres');
    assert.doesNotMatch(problem.excerpt!.text, /hush|pw/);
    assert.equal(underCarets(problem), 'egres');
    assert.equal(underCarets(report(line, '{')), '{');
    assert.match(underCarets(report(line, 'hush-hush')), /^\*/);
  });

  test('are masked in the line before', () => {
    assert.doesNotMatch(report('password: hush\nb: x\n', 'x').excerpt!.before!, /hush/);
    assert.doesNotMatch(report('{ auth: "user:hush" }\nb: x\n', 'x').excerpt!.before!, /hush/);
  });

  test('are masked when the schema says so, whatever the line looks like', () => {
    const problem = report('- hush', 'hush', { secret: true });
    assert.equal(problem.excerpt!.text, '- ***');
    assert.equal(underCarets(problem), '***');
  });

  test('never show, whatever the key and the place of the problem', () => {
    const key = fc.constantFrom('token', 'auth_token', 'api_key', 'password', 'secret', 'token_sha256');
    fc.assert(
      fc.property(key, fc.stringMatching(/^[a-z0-9]{8,20}$/), fc.nat(60), (name, secret, from) => {
        const text = `before: ok\n  ${name}: ${secret}\nafter: x\n`;
        const source: Source = { kind: 'file', name: 'a.yaml', folder: '/', text };
        const problem = problemOf({ code: 'config_bad_value', message: 'no', place: { source, from, to: from + 3 } });
        assert.ok(!JSON.stringify(problem).includes(secret));
      }),
    );
  });
});

test('control characters in a message are made harmless', () => {
  assert.equal(report('a', 'a', { message: 'x\u001b[2J', hint: '\u0007' }).message, 'x\ufffd[2J');
});
