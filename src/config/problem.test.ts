import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { CONFIG_PROBLEMS, ConfigError, type ConfigProblem, problemLine } from './problem.ts';

const problem: ConfigProblem = {
  severity: 'error',
  code: 'config_unknown_key',
  message: 'unknown key "a"',
  path: 'a',
  file: 'sluice.yaml',
  source: null,
  line: 3,
  column: 1,
  excerpt: null,
  hint: null,
  explain: null,
};

test('a configuration error holds all problems, and names the first one in its message', () => {
  const error = new ConfigError([{ ...problem, severity: 'warning' }, problem, { ...problem, line: 9 }]);
  assert.equal(error.code, 'config_invalid');
  assert.equal(error.problems.length, 3);
  assert.equal(error.message, 'The configuration is not valid: sluice.yaml:3: unknown key "a" (and 1 more)');
});

test('a problem outside of files is named by its source', () => {
  const error = new ConfigError([{ ...problem, file: null, line: null, source: 'flag --port' }]);
  assert.equal(error.message, 'The configuration is not valid: flag --port: unknown key "a"');
});

test('a problem on one line says where, what, and what to do', () => {
  assert.equal(problemLine(problem), 'sluice.yaml:3:1 unknown key "a"');
  const fromFlag = { ...problem, file: null, line: null, source: 'flag --port', hint: 'did you mean "b"?' };
  assert.equal(problemLine(fromFlag), 'flag --port unknown key "a", did you mean "b"?');
});

test('the guide to configuration says of every code what it means', () => {
  const guide = readFileSync(new URL('../../docs/guide-configuration.md', import.meta.url), 'utf8');
  for (const [code, summary] of Object.entries(CONFIG_PROBLEMS))
    assert.ok(guide.includes(`| \`${code}\` | ${summary} |`), code);
});
