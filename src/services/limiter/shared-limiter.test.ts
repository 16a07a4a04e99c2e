import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { MemoryShare, MemoryState } from '../../state/memory-state.ts';
import type { Loan, LoanWish } from '../../state/shared-state.ts';
import type { LimitBucket, Verdict } from './limit-bucket.ts';
import { type Limit, LimitTable } from './limit-table.ts';
import { SharedLimiter } from './shared-limiter.ts';

/** What several nodes share; it answers when it is told to, or never. */
class Stage {
  nowMs = 1_000_000;
  isUp = true;
  fails = false;
  asked = 0;
  readonly alone: boolean[] = [];
  private readonly state = new MemoryState(new MemoryShare(), () => this.nowMs);
  private readonly t: TestContext;
  nodes = 1;

  constructor(t: TestContext) {
    this.t = t;
  }

  limiter(): SharedLimiter {
    const state = {
      borrow: (wishes: readonly LoanWish[]): Promise<readonly Loan[]> => {
        this.asked += 1;
        return this.fails ? Promise.reject(new Error('gone')) : this.state.borrow(wishes);
      },
      nodes: async () => Array.from({ length: this.nodes }, (_, index) => ({ id: String(index), address: '' })),
      isUp: true,
    };
    Object.defineProperty(state, 'isUp', { get: () => this.isUp });
    const now = (): number => this.nowMs;
    const table = new LimitTable({ capacity: 8, now });
    const onAlone = (isAlone: boolean): void => void this.alone.push(isAlone);
    const limiter = new SharedLimiter({ state, table, threads: 1, now, onAlone });
    this.t.after(() => limiter.close());
    return limiter;
  }
}

/** A slice of 50. */
const LARGE: Limit = { intervalMs: 1, burst: 1_000 };
/** Asked for each time. */
const SMALL: Limit = { intervalMs: 1_000, burst: 5 };

async function taken(bucket: LimitBucket, key: string): Promise<boolean> {
  return bucket.take(key) ?? (await bucket.ask(key)).isWithin;
}

async function passed(bucket: LimitBucket, count: number): Promise<number> {
  let within = 0;
  for (let index = 0; index < count; index += 1) if (await taken(bucket, 'a')) within += 1;
  return within;
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
};

/** What is not urgent waits for some milliseconds. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 8));

describe('a limit of all nodes', () => {
  test('that is small holds exactly, however many nodes there are', async (t) => {
    const stage = new Stage(t);
    const buckets = [stage.limiter(), stage.limiter(), stage.limiter()].map((each) => each.bucket('s', SMALL));
    const all = buckets.flatMap((bucket) => Array.from({ length: 5 }, () => taken(bucket, 'a')));
    assert.equal((await Promise.all(all)).filter(Boolean).length, 5);
    stage.nowMs += 2_000;
    const more = buckets.flatMap((bucket) => Array.from({ length: 5 }, () => taken(bucket, 'a')));
    assert.equal((await Promise.all(more)).filter(Boolean).length, 2);
  });

  test('is asked for together by all who come at the same time', async (t) => {
    const stage = new Stage(t);
    const bucket = stage.limiter().bucket('s', SMALL);
    const verdicts = await Promise.all(Array.from({ length: 8 }, () => bucket.ask('a')));
    assert.equal(stage.asked, 1);
    const said = verdicts.map(({ isWithin, remaining }: Verdict) => `${isWithin} ${remaining}`);
    assert.deepEqual(said.slice(3), ['true 1', 'true 0', 'false 0', 'false 0', 'false 0']);
    assert.ok((verdicts[7]?.retryAfterMs ?? 0) > 900, JSON.stringify(verdicts[7]));
  });

  test('that is large makes nobody wait, and few questions', async (t) => {
    const stage = new Stage(t);
    const bucket = stage.limiter().bucket('s', LARGE);
    let waited = 0;
    for (let round = 0; round < 60; round += 1) {
      for (let index = 0; index < 10; index += 1) if (bucket.take('a') === null) waited += 1;
      await later();
      stage.nowMs += 10;
    }
    assert.equal(waited, 0);
    assert.ok(stage.asked < 60, String(stage.asked));
  });

  test('lets no more through than all may have together, and a slice of each node', async (t) => {
    const stage = new Stage(t);
    const buckets = Array.from({ length: 4 }, () => stage.limiter().bucket('s', LARGE));
    let within = 0;
    for (let round = 0; round < 40; round += 1) {
      for (const bucket of buckets) within += await passed(bucket, 40);
      await turns();
      stage.nowMs += 5;
    }
    assert.ok(within <= 1_000 + 40 * 5 + 4 * 50, String(within));
    // And nothing of it is lost.
    assert.ok(within >= 1_000, String(within));
  });

  test('that is used up is refused without asking, until there is one more', async (t) => {
    const stage = new Stage(t);
    const bucket = stage.limiter().bucket('s', SMALL);
    assert.equal(await passed(bucket, 6), 5);
    const { asked } = stage;
    assert.equal(bucket.take('a'), false);
    assert.deepEqual([bucket.remaining, Math.round(bucket.retryAfterMs)], [0, 1_000]);
    assert.equal(stage.asked, asked);
    assert.equal(bucket.left('a'), 0);
    stage.nowMs += 1_001;
    assert.equal(await taken(bucket, 'a'), true);
  });

  test('outlives a reload', async (t) => {
    const stage = new Stage(t);
    const limiter = stage.limiter();
    assert.equal(await passed(limiter.bucket('s', SMALL), 9), 5);
    assert.equal(limiter.bucket('s', SMALL).take('a'), false);
    assert.equal(await taken(limiter.bucket('other', SMALL), 'a'), true);
  });
});

describe('a node that hears nothing of the others', () => {
  test('keeps its share of a limit for itself, and makes nobody wait', async (t) => {
    const stage = new Stage(t);
    stage.nodes = 5;
    const bucket = stage.limiter().bucket('s', { intervalMs: 100, burst: 10 });
    await turns();
    stage.isUp = false;
    assert.deepEqual([bucket.take('a'), bucket.take('a'), bucket.take('a')], [true, true, false]);
    assert.ok(bucket.retryAfterMs > 400, String(bucket.retryAfterMs));
    assert.deepEqual(stage.alone, [true]);
    stage.isUp = true;
    assert.equal(await taken(bucket, 'a'), true);
    assert.deepEqual(stage.alone, [true, false]);
  });

  test('judges by itself whoever waits for an answer that does not come, and stops asking', async (t) => {
    const stage = new Stage(t);
    const bucket = stage.limiter().bucket('s', SMALL);
    stage.fails = true;
    assert.equal(await passed(bucket, 20), 5);
    assert.equal(stage.asked, 3);
    assert.equal(bucket.take('a'), false);
  });
});
