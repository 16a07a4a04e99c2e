import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { EmbeddedUsage } from './embedded-usage.ts';

const ALL = { fromMs: 0, toMs: 86_400_000, by: [] };

test('nothing is on disk before there is something to keep', async (t) => {
  const path = join(temporaryFolder(t), 'usage.db');
  const store = new EmbeddedUsage(path);
  assert.deepEqual(await store.sums(ALL), []);
  await store.forget({ rowsBeforeMs: 1, daysBeforeMs: 1 });
  await store.close();
  assert.equal(existsSync(path), false);
  assert.deepEqual(store.state(), { server: null, isUp: true, waitingRows: 0 });
});

test('what cannot be opened refuses, and may be tried again', async (t) => {
  const path = join(temporaryFolder(t), 'usage.db');
  mkdirSync(path);
  const store = new EmbeddedUsage(path);
  await assert.rejects(store.add({ id: 'a', rows: [] }), { code: 'config_invalid' });
  await assert.rejects(store.sums(ALL), { code: 'config_invalid' });
});
