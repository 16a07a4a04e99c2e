// The catalogue of errors, its page, its use and its tests say the same.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ERROR_CATALOGUE, type ErrorCode } from '../../src/core/errors.ts';
import { errorPage } from '../../scripts/error-page.ts';
import { listFiles, listProgram, readSource } from '../support/source-tree.ts';

const CATALOGUE_FILE = 'src/core/errors.ts';
const SELF = 'test/architecture/errors.test.ts';
const codes = Object.keys(ERROR_CATALOGUE) as ErrorCode[];

describe('the codes of the error catalogue', () => {
  test('have a section each in docs/errors.md, as the generator writes it', () => {
    const page = readSource('docs/errors.md');
    assert.deepEqual(errorPage(page), { text: page, faults: [] });
  });

  test('have what the catalogue says on that page, whatever stood there, and what was written by hand', () => {
    const page = readSource('docs/errors.md');
    const [first = '', second = ''] = codes.map(
      (code) => page.slice(page.indexOf(`### \`${code}\``)).split(/\n(?=#)/)[0],
    );
    const spoilt = page.replace(first, '').replace(second, `${second}${first.replaceAll('400', '418')}\n`);
    assert.notEqual(spoilt, page);
    assert.deepEqual(errorPage(spoilt), { text: page, faults: [] });
  });

  test('and nothing that is missing on that page, or too much, goes unseen', () => {
    const page = '# Errors\n\n### `no_such_code`\n\nWords.\n\n### `internal`\n\nOnce.\n\n### `internal`\n\nTwice.\n';
    const { faults } = errorPage(page);
    assert.equal(faults.length, codes.length - 1 + 2);
    assert.ok(faults.includes('usage: nothing is said about it in docs/errors.md'));
    assert.ok(faults.includes('### `no_such_code`: belongs to no code of the catalogue'));
    assert.ok(faults.includes('### `internal`: stands twice in docs/errors.md'));
  });

  test('stand in the same order in the type and in the catalogue', () => {
    const union = [...readSource(CATALOGUE_FILE).matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);
    assert.deepEqual(union, codes);
  });

  test('are all in use', () => {
    const program = listProgram().filter((path) => path !== CATALOGUE_FILE);
    assert.deepEqual(findUnnamed(program), []);
  });

  test('are all named by a test', () => {
    const tests = listFiles('src/**/*.test.ts', 'test/**/*.{ts,md,txt}').filter((path) => path !== SELF);
    assert.deepEqual(findUnnamed(tests), []);
  });
});

/** A code of several words is found anywhere, one of a single word only in quotes, for it may be an ordinary word. */
function findUnnamed(paths: readonly string[]): ErrorCode[] {
  const words = paths.flatMap(
    (path) => readSource(path).match(/\b[a-z]+(?:_[a-z]+)+\b|(?<=['"`])[a-z]+(?=['"`])/g) ?? [],
  );
  const named = new Set(words);
  return codes.filter((code) => !named.has(code));
}
