import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bodyOf, until } from '../../../../test/support/cache-disk.ts';
import { storedMeta } from '../../../../test/support/cache-store.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { DiskWriter } from './disk-writer.ts';
import { packHead } from './stored-answer.ts';

const HEAD = packHead({ key: 'a', meta: storedMeta('http://a.test/'), trailers: [], copyOf: 0 });

test('a file gets its name when all of it is written, and whoever writes faster than the disk waits', async (t) => {
  const folder = temporaryFolder(t);
  const said: string[] = [];
  const events = { flushed: () => {}, drain: () => said.push('drain'), done: (is: boolean) => said.push(`${is}`) };
  const name = join(folder, 'part', 'file');
  const writer = new DiskWriter(join(folder, 'new'), name, events);
  const body = bodyOf(1, 1_000_000);
  let count = 0;
  while (writer.write(body, 0, body.length)) count += 1;
  assert.equal(count, 4);
  await until(() => said.includes('drain'), 'that there is room');
  writer.end(HEAD);
  assert.equal(existsSync(name), false);
  await until(() => said.length === 2, 'that it is written');
  assert.deepEqual([said, existsSync(name), writer.flushed], [['drain', 'true'], true, 5_000_000]);
});

test('what cannot be written, or was given up, is nowhere, and is said once', async (t) => {
  const folder = temporaryFolder(t);
  const said: string[] = [];
  const events = { flushed: () => {}, drain: () => {}, done: (is: boolean) => said.push(`${is}`) };
  const nowhere = new DiskWriter(join(folder, 'none', 'new'), join(folder, 'file'), events);
  nowhere.write(Buffer.from('x'), 0, 1);
  nowhere.end(HEAD);
  await until(() => said.length === 1, 'that it has failed');
  const given = new DiskWriter(join(folder, 'new'), join(folder, 'file'), events);
  given.write(bodyOf(1, 100_000), 0, 100_000);
  given.abort();
  given.end(HEAD);
  await until(() => !existsSync(join(folder, 'new')), 'that it is gone');
  assert.deepEqual([said, existsSync(join(folder, 'file'))], [['false', 'false'], false]);
});
