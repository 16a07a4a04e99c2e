import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { SqliteState } from './sqlite-state.ts';

test('there is no file before something is kept, and what is kept outlives the process', async (t) => {
  const path = join(temporaryFolder(t), 'state.db');
  const state = new SqliteState(path);
  assert.deepEqual(
    [await state.get('a'), await state.holder('n'), await state.row('users', 'ann')],
    [null, null, null],
  );
  assert.equal(existsSync(path), false);
  const place = await state.swapRow('users', 'ann', { before: null, after: '1' });
  const { lease } = await state.claim({ name: 'n', owner: 'A', value: 'v', ttlMs: 60_000 });
  state.close();
  const again = new SqliteState(path);
  t.after(() => again.close());
  assert.deepEqual((await again.rowsAfter('users', 0, 9)).rows, [{ key: 'ann', text: '1', place }]);
  assert.deepEqual(await again.holder('n'), lease);
});
