import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, diskStore, filesUnder, PatientReader, until } from '../../../../test/support/cache-disk.ts';
import { storedMeta } from '../../../../test/support/cache-store.ts';

const A = 'http://a.test/one';

test('what turns out too large for the disk as well goes on to those that can take it, and is not kept', async (t) => {
  const { store, path } = diskStore(t, { diskBytes: 1_000_000 });
  const filling = store.fill(A, storedMeta(A), -1);
  const reader = new PatientReader();
  filling.read(reader);
  for (let index = 0; index < 60; index += 1) filling.write(bodyOf(index, 10_000));
  assert.equal(filling.isKept, false);
  filling.end();
  assert.equal(await reader.over, 'ended');
  assert.equal(reader.body.length, 600_000);
  await until(() => filesUnder(path).length === 0, 'that nothing is left');
  assert.equal(store.find(A).length, 0);
});
