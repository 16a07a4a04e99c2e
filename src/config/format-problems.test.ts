import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatProblems } from './format-problems.ts';
import type { ConfigProblem } from './problem.ts';

const problem: ConfigProblem = {
  severity: 'error',
  code: 'config_unknown_key',
  message: 'unknown key "retires" in routes[0].upstream',
  path: 'routes[0].upstream.retires',
  file: 'sluice.yaml',
  source: null,
  line: 14,
  column: 7,
  excerpt: { before: '    upstream:', text: '      retires: 3', caretFrom: 6, caretLength: 7 },
  hint: 'did you mean "retries"?',
  explain: 'routes[].upstream.retries',
};

describe('formatProblems', () => {
  test('shows place, code, line, carets and advice', () => {
    assert.equal(
      formatProblems([problem], { color: false }),
      [
        'sluice.yaml:14:7  error  config_unknown_key  unknown key "retires" in routes[0].upstream',
        '   13 |     upstream:',
        '   14 |       retires: 3',
        '      |       ^^^^^^^  did you mean "retries"?   sluice config explain routes[].upstream.retries',
        '1 error, 0 warnings',
        '',
      ].join('\n'),
    );
  });

  test('shows what has no line in one or two lines', () => {
    const plain = { ...problem, file: null, source: 'flag --port', line: null, column: null, excerpt: null };
    const bare = { ...plain, severity: 'warning', hint: null, explain: null } as const;
    assert.equal(
      formatProblems([plain, bare, bare], { color: false }),
      [
        'flag --port  error  config_unknown_key  unknown key "retires" in routes[0].upstream',
        '      did you mean "retries"?   sluice config explain routes[].upstream.retries',
        'flag --port  warning  config_unknown_key  unknown key "retires" in routes[0].upstream',
        'flag --port  warning  config_unknown_key  unknown key "retires" in routes[0].upstream',
        '1 error, 2 warnings',
        '',
      ].join('\n'),
    );
  });

  test('makes room for long line numbers, and leaves no space at the end of a line', () => {
    const far = { ...problem, line: 123_456, hint: null, explain: null, excerpt: { ...problem.excerpt!, before: '' } };
    const text = formatProblems([far], { color: false });
    assert.match(text, /^ {3}123455 \|$/m);
    assert.match(text, /^ {3}123456 \| {7}retires: 3$/m);
    assert.doesNotMatch(text, / $/m);
  });

  test('uses colour only when asked', () => {
    assert.doesNotMatch(formatProblems([problem], { color: false }), /\u001b/);
    assert.match(formatProblems([problem], { color: true }), /\u001b\[31merror/);
  });

  test('counts nothing as nothing', () => assert.equal(formatProblems([], { color: false }), '0 errors, 0 warnings\n'));
});
