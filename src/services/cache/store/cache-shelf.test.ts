import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { found, keep } from '../../../../test/support/cache-store.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { CacheShelf, MAIN_STORE } from './cache-shelf.ts';

const A = 'http://a.test/';

test('a store keeps what is in it as long as it is wanted and does not grow', () => {
  const shelf = new CacheShelf();
  assert.equal(shelf.at('any'), null);
  shelf.put(
    shelf.make(
      new Map([
        [MAIN_STORE, 300_000],
        ['own', 200_000],
      ]),
    ),
  );
  const [main, own] = [shelf.at('any')!, shelf.at('own')!];
  assert.notEqual(main, own);
  keep(main, A, 'x');
  keep(own, A, 'x');
  shelf.put(
    shelf.make(
      new Map([
        [MAIN_STORE, 250_000],
        ['own', 900_000],
      ]),
    ),
  );
  assert.equal(shelf.at('any'), main);
  assert.equal(main.stats.maxBytes, 250_000);
  assert.equal(found(shelf.at('own')!, A), null);
  assert.equal(shelf.stats().length, 2);
  assert.equal(shelf.purge({ kind: 'all' }), 1);
  shelf.close();
  assert.equal(shelf.at(MAIN_STORE), null);
});

test('threads that are handed the memory find the same', (t) => {
  const [main, worker] = [new CacheShelf({ threads: 2, thread: 1 }), new CacheShelf({ threads: 2, thread: 0 })];
  t.after(() => [main, worker].forEach((shelf) => shelf.close()));
  const memories = main.make(new Map([[MAIN_STORE, 300_000]]));
  main.put(memories);
  worker.put(memories);
  keep(worker.at('')!, A, 'x');
  assert.equal(found(main.at('')!, A), 'x');
  assert.equal(main.purge({ kind: 'host', pattern: '*.test' }), 1);
  assert.equal(found(worker.at('')!, A), null);
  main.forgetThread(0);
});

test('what another process has on the disk is left alone until it has gone', async (t) => {
  const path = temporaryFolder(t);
  const theirs = join(path, 'zz-7-1', 'aa');
  mkdirSync(theirs, { recursive: true });
  writeFileSync(join(theirs, 'file'), 'not whole');
  const shelf = new CacheShelf();
  t.after(() => shelf.close());
  shelf.spare(7);
  shelf.put(shelf.make(new Map([[MAIN_STORE, 300_000]]), { path, maxBytes: 1_000_000 }));
  await shelf.restored;
  assert.equal(existsSync(join(theirs, 'file')), true);
  assert.equal(await shelf.inherit(), 0);
  assert.equal(existsSync(theirs), false);
  assert.equal(await shelf.inherit(), 0);
});
