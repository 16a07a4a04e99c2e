import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { UsageKey } from '../../state/usage-row.ts';
import type { UsageStore } from '../../state/usage-store.ts';
import { EmbeddedUsage } from '../../state/embedded-usage.ts';
import { UsageBook } from './usage-book.ts';
import type { UsageRecord } from './usage-record.ts';

const DAY_MS = 86_400_000;
const DAYS = { fromMs: 0, toMs: 1_000_000 * DAY_MS };
const ALWAYS = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, by: [] };

function record(change: Partial<UsageRecord> = {}): UsageRecord {
  const tokens = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
  const names = { provider: 'claude', user: 'ann', account: '', model: 'm-1', session: '' };
  return { atMs: Date.now(), ...names, isKnown: true, ...tokens, ...change };
}

class Stage {
  readonly path: string;
  readonly errors: string[] = [];
  book: UsageBook;

  constructor(t: TestContext) {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 100 * DAY_MS });
    this.path = join(temporaryFolder(t), 'usage.db');
    this.book = this.open();
    t.after(() => this.book.close());
  }

  open(): UsageBook {
    const error = (_: unknown, message?: string): void => void this.errors.push(message ?? '');
    return new UsageBook({ store: new EmbeddedUsage(this.path), logger: { error } });
  }

  /** By a book of its own: only what has been written. */
  async written(): Promise<number> {
    const other = this.open();
    const count = (await other.sums(ALWAYS)).reduce((sum, { requests }) => sum + requests, 0);
    await other.close();
    return count;
  }
}

describe('the book of what has been used', () => {
  test('writes what was noted in batches, after a second or when there are many', async (t) => {
    const stage = new Stage(t);
    stage.book.note(record());
    assert.equal(existsSync(stage.path), false);
    t.mock.timers.tick(1_000);
    assert.equal(await stage.written(), 1);
    for (let i = 0; i < 1_000; i += 1) stage.book.note(record());
    assert.equal(await stage.written(), 1_001);
  });

  test('tells what was noted until then', async (t) => {
    const { book } = new Stage(t);
    assert.deepEqual(await book.sums(ALWAYS), []);
    book.note(record());
    const [sum] = await book.sums(ALWAYS);
    assert.deepEqual([sum?.requests, sum?.output], [1, 2]);
  });

  test('keeps what was noted when it is closed, and takes nothing more', async (t) => {
    const stage = new Stage(t);
    stage.book.note(record());
    await stage.book.close();
    stage.book.note(record());
    await stage.book.close();
    assert.equal(await stage.written(), 1);
    await assert.rejects(stage.book.sums(ALWAYS), { code: 'shutting_down' });
  });

  test('lets go of what is older than it is to be kept', async (t) => {
    const { book } = new Stage(t);
    const kept = async (by: readonly UsageKey[]): Promise<number | undefined> => {
      return (await book.sums({ ...DAYS, by }))[0]?.requests;
    };
    book.keepFor({ rowsMs: 10 * DAY_MS, daysMs: 30 * DAY_MS });
    for (const days of [31, 11, 9]) book.note(record({ atMs: Date.now() - days * DAY_MS }));
    assert.deepEqual(
      [(await book.sums(ALWAYS))[0]?.requests, await kept(['session']), await kept(['user'])],
      [1, 1, 2],
    );
    // The sums of days are no shorter there than what they are of.
    book.keepFor({ rowsMs: 5 * DAY_MS, daysMs: DAY_MS });
    book.note(record());
    book.note(record({ atMs: Date.now() - 4 * DAY_MS }));
    assert.deepEqual(
      [(await book.sums(ALWAYS))[0]?.requests, await kept(['session']), await kept(['user'])],
      [2, 2, 2],
    );
  });

  test('says once that it cannot write, and writes what waits as soon as it can', async (t) => {
    const stage = new Stage(t);
    mkdirSync(stage.path);
    stage.book.note(record());
    for (let i = 0; i < 2; i += 1) {
      t.mock.timers.tick(1_000);
      await new Promise(setImmediate);
    }
    assert.deepEqual(stage.errors, ['what has been used of AI providers cannot be kept']);
    rmdirSync(stage.path);
    t.mock.timers.tick(1_000);
    assert.equal(await stage.written(), 1);
    assert.deepEqual(stage.book.state(), { server: null, isUp: true, waitingRows: 0, lostRows: 0 });
  });

  test('gives a batch that was refused again as it was, and what came meanwhile after it', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 100 * DAY_MS });
    const given: string[] = [];
    let isRefused = true;
    const store: UsageStore = {
      add: ({ id, rows }) => {
        given.push(`${id} ${rows.length}`);
        return isRefused ? Promise.reject(new Error('no')) : Promise.resolve();
      },
      sums: () => Promise.resolve([]),
      forget: () => Promise.resolve(),
      state: () => ({ server: null, isUp: !isRefused, waitingRows: 0 }),
      close: () => Promise.resolve(),
    };
    const book = new UsageBook({ store, logger: { error: () => {} } });
    book.note(record());
    t.mock.timers.tick(1_000);
    await new Promise(setImmediate);
    for (let i = 0; i < 60_000; i += 1) book.note(record());
    await assert.rejects(book.sums(ALWAYS), /no/);
    isRefused = false;
    await book.close();
    const [first, again] = given;
    assert.equal(first, again);
    assert.match(first ?? '', / 1$/);
    const sizes = given.map((each) => Number(each.split(' ')[1]));
    assert.equal(
      sizes.slice(sizes.lastIndexOf(1) + 1).reduce((sum, size) => sum + size, 0),
      50_000,
    );
    assert.ok(sizes.every((size) => size <= 1_000));
    assert.equal(book.state().lostRows, 10_000);
  });

  test('writes also what comes while old things are forgotten', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 100 * DAY_MS });
    const forgotten = Promise.withResolvers<void>();
    const given: number[] = [];
    const store: UsageStore = {
      add: ({ rows }) => Promise.resolve(void given.push(rows.length)),
      sums: () => Promise.resolve([]),
      forget: () => forgotten.promise,
      state: () => ({ server: null, isUp: true, waitingRows: 0 }),
      close: () => Promise.resolve(),
    };
    const book = new UsageBook({ store, logger: { error: () => {} } });
    book.keepFor({ rowsMs: DAY_MS, daysMs: DAY_MS });
    const passes = async (): Promise<void> => {
      t.mock.timers.tick(1_000);
      await new Promise(setImmediate);
    };
    book.note(record());
    await passes();
    book.note(record());
    await passes();
    forgotten.resolve();
    await new Promise(setImmediate);
    await passes();
    assert.deepEqual(given, [1, 1]);
    await book.close();
  });
});
