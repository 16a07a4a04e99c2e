import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { INT } from './member-slot.ts';
import { MemberTable } from './member-table.ts';

describe('the table of members', () => {
  test('finds the slot of a key again, and gives every key its own', () => {
    const table = new MemberTable({ capacity: 500 });
    const keys = Array.from({ length: 500 }, (_, index) => `group\nmember-${index}`);
    keys.forEach((key, index) => table.hold(key).set(INT.ACTIVE, index));
    assert.deepEqual(
      keys.map((key) => table.hold(key).get(INT.ACTIVE)),
      keys.map((_, index) => index),
    );
  });

  test('shows another thread the same slots by the same keys', async () => {
    const table = new MemberTable({ capacity: 8 });
    const slot = table.hold('a');
    slot.add(INT.ACTIVE, 3);
    const source = `
      import { workerData, parentPort } from 'node:worker_threads';
      import { MemberTable } from ${JSON.stringify(new URL('member-table.ts', import.meta.url).href)};
      const table = new MemberTable({ memory: workerData });
      table.hold('b').add(${INT.ACTIVE}, 5);
      parentPort.postMessage(table.hold('a').add(${INT.ACTIVE}, 4));
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: table.memory,
    });
    const [there] = (await once(worker, 'message')) as [number];
    await worker.terminate();
    assert.equal(there, 7);
    assert.equal(slot.get(INT.ACTIVE), 7);
    assert.equal(table.hold('b').get(INT.ACTIVE), 5);
  });

  test('loses no count and gives no slot twice, however many threads hold and count at once', async () => {
    const table = new MemberTable({ capacity: 64 });
    const [threads, keys, rounds] = [3, 40, 200];
    const source = `
      import { workerData, parentPort } from 'node:worker_threads';
      import { MemberTable } from ${JSON.stringify(new URL('member-table.ts', import.meta.url).href)};
      const table = new MemberTable({ memory: workerData });
      for (let round = 0; round < ${rounds}; round += 1) {
        for (let key = 0; key < ${keys}; key += 1) {
          const slot = table.hold('group' + key);
          slot.add(${INT.ACTIVE}, 1);
          slot.count(${INT.BYTES_SENT}, 3_000_000_000);
          table.release(slot);
        }
      }
      parentPort.postMessage('done');
    `;
    const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
    const workers = Array.from({ length: threads }, () => new Worker(url, { workerData: table.memory }));
    await Promise.all(workers.map(async (worker) => once(worker, 'message')));
    await Promise.all(workers.map(async (worker) => worker.terminate()));
    for (let key = 0; key < keys; key += 1) {
      const slot = table.hold(`group${key}`);
      assert.equal(slot.get(INT.ACTIVE), threads * rounds);
      assert.equal(slot.total(INT.BYTES_SENT), threads * rounds * 3_000_000_000);
      assert.equal(slot.get(INT.HOLDERS), 1);
    }
  });

  test('knows a member that comes back', () => {
    const table = new MemberTable({ capacity: 4 });
    const slot = table.hold('a');
    slot.count(INT.USES, 12);
    table.release(slot);
    table.hold('b');
    assert.equal(table.hold('a').total(INT.USES), 12);
  });

  test('uses the room of members that are gone when there is no other', () => {
    const table = new MemberTable({ capacity: 4 });
    const held = ['a', 'b', 'c', 'd'].map((key) => table.hold(key));
    held.forEach((slot, index) => slot.set(INT.ACTIVE, index + 1));
    table.release(held[1]!);
    assert.equal(table.hold('e').get(INT.ACTIVE), 0);
    assert.equal(table.hold('e').get(INT.HOLDERS), 2);
    assert.deepEqual(
      ['a', 'c', 'd'].map((key) => table.hold(key).get(INT.ACTIVE)),
      [1, 3, 4],
    );
  });

  test('gives a slot away only when all who held it have let go', () => {
    const table = new MemberTable({ capacity: 1 });
    const first = table.hold('a');
    const second = table.hold('a');
    table.release(first);
    assert.throws(() => table.hold('b'), { code: 'internal', message: /no room for more than 1 members/ });
    table.release(second);
    assert.equal(table.hold('b').get(INT.HOLDERS), 1);
  });

  test('keeps up with members that come and go for ever', () => {
    const table = new MemberTable({ capacity: 16 });
    const stays = table.hold('stays');
    stays.set(INT.ACTIVE, 42);
    for (let index = 0; index < 1000; index += 1) table.release(table.hold(`passing-${index}`));
    assert.equal(table.hold('stays').get(INT.ACTIVE), 42);
  });
});
