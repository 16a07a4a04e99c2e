import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { readDomainList } from './domain-list.ts';

function fileOf(t: TestContext, text: string): string {
  const file = join(temporaryFolder(t), 'blocked.txt');
  writeFileSync(file, text);
  return file;
}

describe('a list in a file', () => {
  test('is read whole, with the lines that were left out', async (t) => {
    const file = fileOf(t, '0.0.0.0 a.test\n\nnot a line\n*.b.test');
    const { set, leftOut } = await readDomainList(file, null);
    assert.deepEqual([set.size, set.find('a.test') >= 0, set.find('x.b.test') >= 0], [2, true, true]);
    assert.deepEqual([leftOut?.count, leftOut?.line], [1, 3]);
  });

  test('is not read again as long as nobody writes to it', async (t) => {
    const file = fileOf(t, 'a.test\n');
    const first = await readDomainList(file, null);
    assert.equal(await readDomainList(file, first), first);
    writeFileSync(file, 'a.test\nb.test\n');
    const second = await readDomainList(file, first);
    assert.deepEqual([first.set.size, second.set.size], [1, 2]);
  });

  test('lets other work in between', async (t) => {
    const names = Array.from({ length: 200_000 }, (_, index) => `0.0.0.0 host-${index}.example.com\n`);
    const file = fileOf(t, names.join(''));
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    count();
    const { set } = await readDomainList(file, null);
    isDone = true;
    assert.equal(set.size, names.length);
    assert.ok(turns > 3, `${turns} turns`);
  });

  test('that cannot be read is an error of the configuration that names it', async (t) => {
    const folder = temporaryFolder(t);
    const huge = join(folder, 'huge.txt');
    writeFileSync(huge, '');
    truncateSync(huge, 129 * 1024 * 1024);
    for (const [file, why] of [
      [join(folder, 'missing.txt'), /ENOENT/],
      [folder, /it is not a regular file/],
      [huge, /it is larger than 128 MiB/],
    ] as const) {
      await assert.rejects(readDomainList(file, null), (error: { code: string; message: string }) => {
        assert.equal(error.code, 'config_invalid');
        assert.ok(error.message.includes(file));
        return why.test(error.message);
      });
    }
  });

  test('may be empty', async (t) => {
    assert.equal((await readDomainList(fileOf(t, ''), null)).set.size, 0);
  });
});
