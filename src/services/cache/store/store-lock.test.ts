import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { StoreLock } from './store-lock.ts';

test('threads that add to one number under the lock lose none', async () => {
  const ints = new Int32Array(new SharedArrayBuffer(8));
  const code = `const { workerData } = require('node:worker_threads');
    import(workerData.file).then(({ StoreLock }) => {
      const lock = new StoreLock(workerData.ints, 0, workerData.thread);
      for (let turn = 0; turn < 20000; turn += 1) { lock.take(); workerData.ints[1] += 1; lock.give(); }
    });`;
  const file = new URL('store-lock.ts', import.meta.url).href;
  const workers = [1, 2].map((thread) => new Worker(code, { eval: true, workerData: { ints, thread, file } }));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.on('exit', resolve))));
  assert.deepEqual([...ints], [0, 40_000]);
});

test('the lock of a thread that has died is inherited, and that of another is not', () => {
  const ints = new Int32Array(new SharedArrayBuffer(4));
  new StoreLock(ints, 0, 3).take();
  const mine = new StoreLock(ints, 0, 0);
  assert.equal(mine.inherit(2), false);
  assert.equal(mine.inherit(3), true);
  mine.give();
  mine.take();
});

test('who waits for long takes the lock from the dead itself, and says so', () => {
  const ints = new Int32Array(new SharedArrayBuffer(4));
  const dead = new StoreLock(ints, 0, 3);
  dead.take();
  let inherited = 0;
  const mine = new StoreLock(ints, 0, 0, () => (inherited += 1));
  mine.take();
  assert.equal(inherited, 1);
  // Were it alive after all, it would have nothing to give.
  dead.give();
  assert.equal(ints[0], 1);
  mine.give();
  assert.equal(ints[0], 0);
});
