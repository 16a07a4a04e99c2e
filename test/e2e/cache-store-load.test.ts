// Hours of mixed load on one store, compressed: threads that ask, fill, cut, purge and read slowly, in a memory and on a disk that are too small,
// with threads that die in the middle. SLUICE_LOAD_SECONDS makes it longer.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { CacheShelf, MAIN_STORE } from '../../src/services/cache/store/cache-shelf.ts';
import { StoreLock } from '../../src/services/cache/store/store-lock.ts';
import { HEADER, openStoreMemory } from '../../src/services/cache/store/store-memory.ts';
import { filesUnder, until } from '../support/cache-disk.ts';
import { BOARD_INTS, COUNT, counted, startLoad, stopLoad } from '../support/cache-load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SECONDS = Number(process.env['SLUICE_LOAD_SECONDS'] ?? 6);
const WORKERS = 3;

test('under any load every answer is whole, of one piece and not older than it may be, and memory and disk keep their bounds', async (t) => {
  const path = temporaryFolder(t);
  const shelf = new CacheShelf({ threads: WORKERS + 1, thread: WORKERS });
  t.after(() => shelf.close());
  const memories = shelf.make(new Map([[MAIN_STORE, 6_000_000]]), { path, maxBytes: 20_000_000 });
  shelf.put(memories);
  const store = shelf.at(MAIN_STORE)!;
  const board = new Int32Array(new SharedArrayBuffer(BOARD_INTS * 4));
  const errors: Error[] = [];
  const failed = Promise.withResolvers<void>();
  const workers: Worker[] = [];
  const ends: Promise<unknown>[] = [];
  const start = (thread: number): void => {
    const worker = startLoad({ memories, threads: WORKERS + 1, thread, board });
    worker.on('error', (error: Error) => {
      errors.push(error);
      failed.resolve();
    });
    workers[thread] = worker;
    ends[thread] = new Promise((resolve) => worker.once('exit', resolve));
  };
  /** As when a thread dies in the middle of a change. */
  const forgetEverything = (): void => {
    const { memory } = memories.get(MAIN_STORE)!;
    new StoreLock(openStoreMemory(memory).header, HEADER.LOCK, WORKERS + 1).take();
    shelf.forgetThread(WORKERS + 1);
  };
  const openFiles = readdirSync('/proc/self/fd').length;
  for (let thread = 0; thread < WORKERS; thread += 1) start(thread);
  await until(() => counted(board, COUNT.HITS) > 0 || errors.length > 0, 'that the load has begun');

  const endAtMs = performance.now() + SECONDS * 1000;
  for (let round = 0; performance.now() < endAtMs && errors.length === 0; round += 1) {
    await pause(SECONDS * 250);
    const { bytes, maxBytes, diskBytes } = store.stats;
    assert.ok(bytes <= maxBytes, `${bytes} of memory`);
    assert.ok(diskBytes <= 20_000_000, `${diskBytes} on the disk`);
    if (round % 2 === 1) {
      forgetEverything();
      continue;
    }
    await workers[WORKERS - 1]!.terminate();
    shelf.forgetThread(WORKERS - 1);
    start(WORKERS - 1);
  }
  stopLoad(board);
  await Promise.race([Promise.all(ends), failed.promise]);
  if (errors.length > 0) await Promise.all(workers.map((worker) => worker.terminate()));
  assert.deepEqual(errors, []);

  const counts = Object.entries(COUNT).map(([name, what]) => `${name.toLowerCase()} ${counted(board, what)}`);
  t.diagnostic(`${counts.join(', ')}; entries ${store.stats.entries}`);
  assert.ok(counted(board, COUNT.HITS) > 100 && counted(board, COUNT.JOINED) > 0 && counted(board, COUNT.PURGES) > 10);
  for (let thread = 0; thread < WORKERS; thread += 1) shelf.forgetThread(thread);
  store.purge({ kind: 'all' });
  const { entries, diskBytes, bytes } = store.stats;
  assert.deepEqual([entries, diskBytes], [0, 0]);
  const slots = bytes;
  assert.ok(slots < 2_500_000, `${slots} are still taken`);
  await until(() => readdirSync('/proc/self/fd').length <= openFiles + 8, 'that files are closed');
  t.diagnostic(`${filesUnder(path).length} files are left`);
});
