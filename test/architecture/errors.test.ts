// The catalogue of errors, its page, its use and its tests say the same.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ERROR_CATALOGUE, type ErrorCode } from '../../src/core/errors.ts';
import { listFiles, listProgram, readSource } from '../support/source-tree.ts';

const CATALOGUE_FILE = 'src/core/errors.ts';
const SELF = 'test/architecture/errors.test.ts';
const codes = Object.keys(ERROR_CATALOGUE) as ErrorCode[];

describe('the codes of the error catalogue', () => {
  test('have a section each in docs/errors.md, in the order of the catalogue', () => {
    const sections = [...readSource('docs/errors.md').matchAll(/^### `(\w+)`$/gm)].map(([, code]) => code);
    assert.deepEqual(sections, codes);
  });

  test('have the side, the status and the retry of the catalogue on that page', () => {
    const page = readSource('docs/errors.md');
    for (const [code, { side, status, retry }] of Object.entries(ERROR_CATALOGUE)) {
      const facts = `### \`${code}\`\n\n${side} · ${status} · ${retry ? 'may be sent again' : 'not to be sent again as it is'}\n`;
      assert.ok(page.includes(facts), `docs/errors.md should say:\n${facts}`);
    }
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
