import assert from 'node:assert/strict';
import { copyFileSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import { bodyOf, diskStore, filesUnder, PatientReader, until } from '../../../../test/support/cache-disk.ts';
import { keep, storedMeta } from '../../../../test/support/cache-store.ts';

const A = 'http://a.test/one';

test('finds again what was whole when the program ended, and deletes all else', async (t) => {
  const { store, path } = diskStore(t);
  for (let index = 0; index < 5; index += 1)
    keep(store, `${A}/${index}`, bodyOf(index, 300_000), { tags: [`t${index}`] });
  await until(() => store.stats.entries === 5, 'that all are written');
  store.fill(A, storedMeta(A), -1).write(bodyOf(9, 500_000));
  await until(() => filesUnder(path).length === 6, 'that another is being written');
  const written = filesUnder(path);
  truncateSync(
    written.find((file) => !file.includes('new'))!,
    200_000,
  );
  copyFileSync(written[0]!, `${written[0]}x`);

  const next = diskStore(t, { path }).store;
  keep(next, `${A}/4`, 'newer');
  await next.restore(path);
  const found = [0, 1, 2, 3, 4].filter((index) => next.find(`${A}/${index}`).length > 0);
  assert.equal(found.length >= 4, true);
  for (const index of found) {
    const reader = new PatientReader();
    const [answer] = next.find(`${A}/${index}`);
    next.open(answer!, reader);
    assert.equal(await reader.over, 'ended');
    assert.deepEqual(reader.body, index === 4 ? Buffer.from('newer') : bodyOf(index, 300_000));
  }
  assert.equal(next.find(A).length, 0);
  assert.equal(next.purge({ kind: 'tag', tag: `t${found[0]}` }), 1);
  next.purge({ kind: 'all' });
  assert.deepEqual(filesUnder(path), []);
});
