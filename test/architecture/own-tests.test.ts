// Every file that does something has a test of its own, and every test the file that it is named for.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { emitsCode } from '../support/emits-code.ts';
import { listFiles, listProgram, ROOT } from '../support/source-tree.ts';

const TEST_SUFFIX = '.test.ts';

describe('tests beside their files', () => {
  const tests = new Set(listFiles(`src/**/*${TEST_SUFFIX}`));

  test('every file of src that holds more than types has its test beside it', () => {
    const program = listProgram();
    assert.ok(program.length > 0);
    const untested = program.filter((path) => !tests.has(path.replace(/\.ts$/, TEST_SUFFIX)));
    assert.deepEqual(
      untested.filter((path) => emitsCode(join(ROOT, path))),
      [],
    );
  });

  test('a file of types is told from a file of code', () => {
    assert.equal(emitsCode(join(ROOT, 'src/core/errors.ts')), true);
    assert.equal(emitsCode(join(ROOT, 'src/contract/target.ts')), false);
  });
});
