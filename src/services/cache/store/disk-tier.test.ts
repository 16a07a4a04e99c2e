import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { bodyOf, diskStore, filesUnder, PatientReader, until } from '../../../../test/support/cache-disk.ts';
import { keep, storedMeta, TakingReader } from '../../../../test/support/cache-store.ts';
import type { CacheStore } from './cache-store.ts';

const A = 'http://a.test/one';
const LARGE = 700_000;

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

async function read(store: CacheStore, key: string, range?: { from: number; to: number }): Promise<Buffer | string> {
  const reader = new PatientReader();
  const [answer] = store.find(key);
  if (answer === undefined || store.open(answer, reader, range) === null) return 'nothing';
  return (await reader.over) === 'ended' ? reader.body : 'failed';
}

async function keepLarge(store: CacheStore, key: string, body: Buffer): Promise<void> {
  keep(store, key, body, { tags: ['large'] });
  await until(() => store.find(key).length > 0, 'that it is written');
}

describe('the disk of the cache', () => {
  test('has what is too large for memory, readable by nobody else, and gives it whole and in parts', async (t) => {
    const { store, path } = diskStore(t);
    const body = bodyOf(1, LARGE);
    const before = openFiles();
    await keepLarge(store, A, body);
    assert.deepEqual(await read(store, A), body);
    assert.deepEqual(await read(store, A, { from: 65_530, to: 131_080 }), body.subarray(65_530, 131_080));
    assert.deepEqual(await read(store, A, { from: LARGE - 1, to: LARGE }), body.subarray(-1));
    const [file] = filesUnder(path);
    assert.equal(statSync(file!).mode & 0o777, 0o600);
    const gone = new TakingReader();
    store.open(store.find(A)[0]!, gone)!.cancel();
    assert.equal(store.purge({ kind: 'tag', tag: 'large' }), 1);
    assert.deepEqual([filesUnder(path), store.stats.diskBytes], [[], 0]);
    await until(() => openFiles() <= before, 'that all files are closed');
    assert.equal(gone.length, 0);
  });

  test('gets what memory pushes out after it was asked for again, which comes back when it is asked for', async (t) => {
    const { store } = diskStore(t, { maxBytes: 600_000 });
    const keys = Array.from({ length: 60 }, (_, index) => `${A}/${index}`);
    for (const [index, key] of keys.entries()) {
      keep(store, key, bodyOf(index, 20_000));
      store.hit(store.find(key)[0]!);
    }
    await until(() => keys.every((key) => store.find(key).length > 0), 'that all are found again');
    for (const [index, key] of keys.entries()) assert.deepEqual(await read(store, key), bodyOf(index, 20_000));
    const { bytes, maxBytes, diskBytes, entries } = store.stats;
    assert.ok(bytes <= maxBytes && diskBytes > 30 * 20_000, `${bytes} ${diskBytes}`);
    assert.equal(entries, 60);
    const again = new TakingReader();
    store.open(store.find(keys[59]!)[0]!, again);
    assert.deepEqual([again.state, Buffer.concat(again.parts)], ['ended', bodyOf(59, 20_000)]);
  });

  test('takes no more than it may', async (t) => {
    const { store, path } = diskStore(t, { diskBytes: 3_000_000 });
    for (let index = 0; index < 8; index += 1) await keepLarge(store, `${A}/${index}`, bodyOf(index, LARGE));
    assert.ok(store.stats.diskBytes <= 3_000_000 && store.stats.diskBytes > 2_000_000);
    await until(() => filesUnder(path).length === 4, 'that the others are deleted');
    assert.equal(store.find(`${A}/0`).length, 0);
    keep(store, A, bodyOf(1, 800_000));
    assert.equal(store.find(A).length, 0);
    store.bound(1_000_000, 1_500_000);
    assert.ok(store.stats.diskBytes <= 1_500_000);
  });

  test('gives nothing of a file that is not what was written', async (t) => {
    const { store, path } = diskStore(t);
    await keepLarge(store, A, bodyOf(1, LARGE));
    const [file] = filesUnder(path);
    const bytes = readFileSync(file!);
    bytes[100_000]! ^= 1;
    writeFileSync(file!, bytes);
    assert.equal((await read(store, A, { from: 0, to: 60_000 })) instanceof Buffer, true);
    assert.equal(await read(store, A), 'failed');
    assert.equal(await read(store, A), 'nothing');
    await keepLarge(store, A, bodyOf(2, LARGE));
    truncateSync(filesUnder(path)[0]!, 1000);
    assert.equal(await read(store, A), 'failed');
    assert.equal(await read(store, A), 'nothing');
  });

  test('gives a soft purge and a new meta no chance to be forgotten with a restart', async (t) => {
    const { store, path } = diskStore(t);
    await keepLarge(store, A, bodyOf(1, LARGE));
    assert.equal(store.purge({ kind: 'all' }, true), 1);
    assert.deepEqual([store.find(A).length, filesUnder(path)], [0, []]);
  });
});

describe('a body on its way to the disk', () => {
  test('is read from there by those who are behind, and they hold up nobody', async (t) => {
    const { store } = diskStore(t);
    const body = bodyOf(3, 3_000_000);
    const filling = store.fill(A, storedMeta(A), -1);
    const [fast, slow, patient] = [new TakingReader(), new TakingReader(), new PatientReader()];
    slow.pieces = 1;
    filling.read(fast);
    const reading = filling.read(slow)!;
    let isHeld = false;
    filling.onDrain = () => (isHeld = false);
    for (let at = 0; at < body.length; at += 10_000) {
      await until(() => !isHeld, 'that the disk has taken it');
      isHeld = !filling.write(body, at, at + 10_000);
      if (at === 1_000_000) filling.read(patient);
    }
    assert.equal(fast.length, body.length);
    assert.ok(slow.length <= 10_000);
    filling.end();
    assert.equal(await patient.over, 'ended');
    assert.deepEqual(patient.body, body);
    slow.pieces = Infinity;
    reading.resume();
    await until(() => slow.state === 'ended', 'that the slow one is done');
    assert.deepEqual(Buffer.concat(slow.parts), body);
    await until(() => store.find(A).length > 0, 'that it is found');
    assert.deepEqual(await read(store, A), body);
  });

  test('that is cut leaves nothing', async (t) => {
    const { store, path } = diskStore(t);
    const before = openFiles();
    const filling = store.fill(A, storedMeta(A), 2_000_000);
    const reader = new PatientReader();
    filling.read(reader);
    filling.write(bodyOf(4, 500_000));
    assert.equal(filling.isKept, true);
    filling.abort();
    assert.equal(await reader.over, 'failed');
    await until(() => filesUnder(path).length === 0 && openFiles() <= before, 'that the file is gone');
    assert.equal(store.find(A).length, 0);
  });
});
