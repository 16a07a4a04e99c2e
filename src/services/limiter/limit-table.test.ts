import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { type Limit, LimitTable } from './limit-table.ts';

class Stage {
  nowMs = 1_000_000;
  readonly table: LimitTable;
  private readonly scope: number;

  constructor(capacity = 64) {
    this.table = new LimitTable({ capacity, now: () => this.nowMs });
    this.scope = this.table.scope('test');
  }

  take(key: string, limit: Limit, scope: number = this.scope): boolean {
    return this.table.take(scope, key, limit);
  }

  /** How many of `count` requests are let through. */
  passed(key: string, limit: Limit, count: number): number {
    return Array.from({ length: count }, () => this.take(key, limit)).filter(Boolean).length;
  }
}

const TEN_A_SECOND: Limit = { intervalMs: 100, burst: 5 };

describe('a limit', () => {
  test('lets as many through at once as its burst, and then one per interval', () => {
    const stage = new Stage();
    assert.equal(stage.passed('a', TEN_A_SECOND, 9), 5);
    stage.nowMs += 99;
    assert.equal(stage.passed('a', TEN_A_SECOND, 3), 0);
    stage.nowMs += 1;
    assert.equal(stage.passed('a', TEN_A_SECOND, 3), 1);
    stage.nowMs += 250;
    assert.equal(stage.passed('a', TEN_A_SECOND, 5), 2);
    stage.nowMs += 60_000;
    assert.equal(stage.passed('a', TEN_A_SECOND, 9), 5);
  });

  test('is told with what is left, until when, and when to try again', () => {
    const stage = new Stage();
    const { table } = stage;
    const told = (): number[] => [table.remaining, table.resetMs, table.retryAfterMs];
    assert.ok(stage.take('a', TEN_A_SECOND));
    assert.deepEqual(told(), [4, 100, 0]);
    stage.passed('a', TEN_A_SECOND, 4);
    assert.deepEqual(told(), [0, 500, 0]);
    stage.nowMs += 30;
    assert.ok(!stage.take('a', TEN_A_SECOND));
    assert.deepEqual(told(), [0, 470, 70]);
  });

  test('can be looked at without taking anything', () => {
    const stage = new Stage();
    const left = (key: string): number => stage.table.left(stage.table.scope('test'), key, TEN_A_SECOND);
    assert.deepEqual([left('a'), left('a')], [5, 5]);
    stage.passed('a', TEN_A_SECOND, 9);
    assert.deepEqual([left('a'), left('b')], [0, 5]);
    stage.nowMs += 250;
    assert.equal(left('a'), 2);
  });

  test('holds for each key alone, and for each scope', () => {
    const stage = new Stage();
    const other = stage.table.scope('other');
    assert.equal(stage.passed('a', TEN_A_SECOND, 9), 5);
    assert.equal(stage.passed('b', TEN_A_SECOND, 9), 5);
    assert.ok(stage.take('a', TEN_A_SECOND, other));
    assert.ok(!stage.take('a', TEN_A_SECOND));
  });

  test('that is loosened is loose at once', () => {
    const stage = new Stage();
    assert.equal(stage.passed('a', { intervalMs: 86_400_000, burst: 3 }, 9), 3);
    assert.ok(!stage.take('a', TEN_A_SECOND));
    stage.nowMs += 100;
    assert.ok(stage.take('a', TEN_A_SECOND));
  });

  test('never lets more through than burst and rate allow, in whatever rhythm requests come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
        fc.constantFrom(1, 3, 100 / 3, 1000),
        fc.integer({ min: 1, max: 20 }),
        (pauses, intervalMs, burst) => {
          const stage = new Stage();
          let passed = 0;
          let elapsedMs = 0;
          for (const pauseMs of pauses) {
            stage.nowMs += pauseMs;
            elapsedMs += pauseMs;
            if (stage.take('a', { intervalMs, burst })) passed += 1;
            assert.ok(passed <= burst + elapsedMs / intervalMs + 0.01);
          }
        },
      ),
    );
  });
});

describe('a table of limits', () => {
  test('has room for a fixed number of keys, and forgets first those that owe least', () => {
    const stage = new Stage(8);
    const heavy = { intervalMs: 1000, burst: 3 };
    assert.equal(stage.table.capacity, 8);
    assert.equal(stage.passed('heavy', heavy, 9), 3);
    for (let i = 0; i < 1000; i += 1) stage.take(`light ${i}`, heavy);
    assert.ok(!stage.take('heavy', heavy));
  });

  test('gives the room of a key that owes nothing any more to another one', () => {
    const stage = new Stage(8);
    stage.passed('a', TEN_A_SECOND, 5);
    stage.nowMs += 10_000;
    for (let i = 0; i < 8; i += 1) assert.ok(stage.take(`b ${i}`, TEN_A_SECOND));
    assert.equal(stage.passed('a', TEN_A_SECOND, 9), 5);
  });

  test('is the same for all threads, and counts every request once however many come at the same time', async () => {
    const burst = 10_000;
    const table = new LimitTable({ capacity: 8 });
    const limit = { intervalMs: 1e9, burst };
    const source = `
      import { workerData, parentPort } from 'node:worker_threads';
      import { LimitTable } from ${JSON.stringify(new URL('limit-table.ts', import.meta.url).href)};
      const table = new LimitTable({ memory: workerData });
      let passed = 0;
      for (let i = 0; i < ${burst}; i += 1) if (table.take(table.scope('x'), 'a', ${JSON.stringify(limit)})) passed += 1;
      parentPort.postMessage(passed);
    `;
    const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
    const workers = [1, 2].map(() => new Worker(url, { workerData: table.memory }));
    const passed = (await Promise.all(workers.map((worker) => once(worker, 'message')))).flat() as number[];
    await Promise.all(workers.map((worker) => worker.terminate()));
    assert.equal(passed[0]! + passed[1]!, burst);
    assert.ok(!table.take(table.scope('x'), 'a', limit));
  });

  test('lets no more through when the clocks of threads differ a little', () => {
    let nowMs = 1_000_000;
    const first = new LimitTable({ capacity: 8, now: () => nowMs });
    const late = new LimitTable({ memory: first.memory, now: () => nowMs - 20 });
    const scope = first.scope('x');
    let passed = 0;
    for (; nowMs < 1_002_000; nowMs += 1) {
      for (const table of [first, late]) if (table.take(scope, 'a', TEN_A_SECOND)) passed += 1;
    }
    assert.equal(passed, TEN_A_SECOND.burst + 2000 / TEN_A_SECOND.intervalMs - 1);
  });

  test('goes on when a thread has died with a lock in its hand', () => {
    const table = new LimitTable({ capacity: 8 });
    const locks = new Int32Array(table.memory, table.memory.byteLength - 4, 1);
    locks[0] = 1;
    assert.ok(table.take(table.scope('x'), 'a', TEN_A_SECOND));
    assert.equal(locks[0], 0);
  });
});
