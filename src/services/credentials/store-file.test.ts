import assert from 'node:assert/strict';
import { lstatSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { readStore, replaceStore, stampOf, StoreFault } from './store-file.ts';

test('a file is read with what there is to know about it', async (t) => {
  const file = join(temporaryFolder(t), 'a.json');
  writeFileSync(file, '{\n "a": 1\n}\n', { mode: 0o644 });
  const { document, isPretty, isOpen, stamp } = await readStore(file);
  assert.deepEqual([document, isPretty, isOpen], [{ a: 1 }, true, true]);
  assert.equal(await stampOf(file), stamp);
  writeFileSync(file, '{"a":2}');
  assert.notEqual(await stampOf(file), stamp);
  assert.equal(await stampOf(`${file}.missing`), null);
});

test('a file that is being written is looked at again', async (t) => {
  const file = join(temporaryFolder(t), 'a.json');
  writeFileSync(file, '{"a":');
  const reading = readStore(file);
  setImmediate(() => writeFileSync(file, '{"a":1}'));
  assert.deepEqual((await reading).document, { a: 1 });
});

test('what cannot be understood is not quoted', async (t) => {
  const file = join(temporaryFolder(t), 'a.json');
  writeFileSync(file, 'sk-ant-oat01-secret');
  await assert.rejects(readStore(file), (error) => error instanceof StoreFault && !error.message.includes('secret'));
  await assert.rejects(readStore(`${file}.missing`), /does not exist$/);
});

test('a file is replaced by one that only its owner can read, and a draft that was left behind with it', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'a.json');
  const link = join(folder, 'link.json');
  writeFileSync(file, '{}', { mode: 0o644 });
  writeFileSync(`${file}.new`, 'left behind', { mode: 0o644 });
  symlinkSync(file, link);
  await replaceStore(link, { a: 1 }, false);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(file, 'utf8'), '{"a":1}');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['a.json', 'link.json']);
  await replaceStore(link, { a: 1 }, true);
  assert.equal(readFileSync(file, 'utf8'), '{\n  "a": 1\n}\n');
});

test('a file that is gone is not made', async (t) => {
  const file = join(temporaryFolder(t), 'a.json');
  await assert.rejects(replaceStore(file, {}, false), /cannot be written \(ENOENT\)$/);
});
