import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { DomainLists } from './domain-lists.ts';

function files(t: TestContext): { readonly a: string; readonly b: string } {
  const folder = temporaryFolder(t);
  const [a, b] = [join(folder, 'a.txt'), join(folder, 'b.txt')];
  writeFileSync(a, 'a.test\n');
  writeFileSync(b, 'b.test\nwhat is this\n');
  return { a, b };
}

describe('the lists of a configuration', () => {
  test('are read once each, and told of', async (t) => {
    const { a, b } = files(t);
    const told: string[] = [];
    const lists = new DomainLists(({ file, leftOut }) => told.push(`${file} ${leftOut?.count ?? 0}`));
    const first = await lists.read([a, b, a]);
    assert.deepEqual([...first.keys()], [a, b]);
    assert.deepEqual(told, [`${a} 0`, `${b} 1`]);
    const second = await lists.read([b, a]);
    assert.deepEqual([second.get(a) === first.get(a), second.get(b) === first.get(b)], [true, true]);
    assert.equal(told.length, 2);
  });

  test('that have changed are read anew, the others stay', async (t) => {
    const { a, b } = files(t);
    const lists = new DomainLists();
    const first = await lists.read([a, b]);
    writeFileSync(a, 'a.test\nc.test\n');
    const second = await lists.read([a, b]);
    assert.deepEqual([second.get(a) === first.get(a), second.get(b) === first.get(b)], [false, true]);
  });

  test('stay as they are when one cannot be read', async (t) => {
    const { a, b } = files(t);
    const lists = new DomainLists();
    const first = await lists.read([a, b]);
    rmSync(b);
    await assert.rejects(lists.read([a, b]), { code: 'config_invalid' });
    assert.equal((await lists.read([a])).get(a), first.get(a));
  });
});
