import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { skipTest } from '../../../test/support/peer.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { FolderLock } from './folder-lock.ts';
import type { LockPlace } from './store-format.ts';

/** Takes the lock and is killed with it. */
const HOLDER = `
import { FolderLock } from ${JSON.stringify(new URL('folder-lock.ts', import.meta.url).href)};
await FolderLock.take(JSON.parse(process.argv[1]));
process.kill(process.pid, 'SIGKILL');
`;

function placeOf(t: TestContext): LockPlace {
  return { path: join(temporaryFolder(t), 'a.lock'), staleMs: 10_000 };
}

function age(path: string, ms: number): void {
  const at = new Date(Date.now() - ms);
  utimesSync(path, at, at);
}

test('one holds it, the next one gets it when it was released', async (t) => {
  const place = placeOf(t);
  const first = await FolderLock.take(place);
  assert.equal(await first?.isHeld(), true);
  assert.equal(await FolderLock.take(place), null);
  await first?.release();
  assert.equal(existsSync(place.path), false);
  const next = await FolderLock.take(place);
  assert.notEqual(next, null);
  await next?.release();
});

test('a folder that nobody has touched for as long as is allowed is taken, a younger one is not', async (t) => {
  const place = placeOf(t);
  mkdirSync(place.path);
  age(place.path, 9_000);
  assert.equal(await FolderLock.take(place), null);
  age(place.path, 10_001);
  const lock = await FolderLock.take(place);
  assert.equal(await lock?.isHeld(), true);
  await lock?.release();
  assert.deepEqual(readdirSync(join(place.path, '..')), []);
});

test('the lock of one of ours who has ended is taken at once, and what it has left is gone', async (t) => {
  const place = placeOf(t);
  const killed = spawnSync(process.execPath, ['--input-type=module', '--eval', HOLDER, JSON.stringify(place)]);
  assert.equal(killed.signal, 'SIGKILL');
  assert.ok(existsSync(place.path));
  const lock = await FolderLock.take(place);
  if (lock === null && !existsSync('/proc/self/ns')) return skipTest(t, 'the system does not tell who has ended');
  assert.equal(await lock?.isHeld(), true);
  assert.equal(await FolderLock.take(place), null);
  await lock?.release();
  assert.deepEqual(readdirSync(join(place.path, '..')), []);
});

test('of many who find it abandoned one gets it', async (t) => {
  const place = placeOf(t);
  mkdirSync(place.path);
  age(place.path, 20_000);
  const locks = await Promise.all(Array.from({ length: 20 }, () => FolderLock.take(place)));
  const held = await Promise.all(locks.map((lock) => lock?.isHeld() ?? Promise.resolve(false)));
  assert.equal(held.filter(Boolean).length, 1);
  for (const lock of locks) await lock?.release();
  assert.deepEqual(readdirSync(join(place.path, '..')), []);
});

test('who holds it shows that it lives', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const place = placeOf(t);
  const lock = await FolderLock.take(place);
  for (let beat = 0; beat < 3; beat += 1) t.mock.timers.tick(5_000);
  assert.equal(await lock?.isHeld(), true);
  assert.equal(await FolderLock.take(place), null);
  await lock?.release();
});

test('who has lost it knows, and leaves that of the next one alone', async (t) => {
  const place = placeOf(t);
  const slow = await FolderLock.take(place);
  rmdirSync(place.path);
  mkdirSync(place.path);
  age(place.path, 1_000);
  assert.equal(await slow?.isHeld(), false);
  await slow?.release();
  assert.equal(existsSync(place.path), true);
});

test('where no folder can be made there is no lock', async (t) => {
  const place = { path: join(temporaryFolder(t), 'missing', 'a.lock'), staleMs: 10_000 };
  await assert.rejects(FolderLock.take(place), { code: 'ENOENT' });
});
