import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { UsageKey } from '../../state/usage-row.ts';
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
    return new UsageBook({ path: this.path, logger: { error } });
  }

  /** By a book of its own: only what has been written. */
  written(): number {
    const other = this.open();
    const count = other.sums(ALWAYS).reduce((sum, { requests }) => sum + requests, 0);
    other.close();
    return count;
  }
}

describe('the book of what has been used', () => {
  test('writes what was noted in batches, after a second or when there are many', (t) => {
    const stage = new Stage(t);
    stage.book.note(record());
    assert.equal(existsSync(stage.path), false);
    t.mock.timers.tick(1_000);
    assert.equal(stage.written(), 1);
    for (let i = 0; i < 1_000; i += 1) stage.book.note(record());
    assert.equal(stage.written(), 1_001);
  });

  test('tells what was noted until then', (t) => {
    const { book } = new Stage(t);
    assert.deepEqual(book.sums(ALWAYS), []);
    book.note(record());
    const [sum] = book.sums(ALWAYS);
    assert.deepEqual([sum?.requests, sum?.output], [1, 2]);
  });

  test('keeps what was noted when it is closed, and takes nothing more', (t) => {
    const stage = new Stage(t);
    stage.book.note(record());
    stage.book.close();
    stage.book.note(record());
    stage.book.close();
    assert.equal(stage.written(), 1);
    assert.throws(() => stage.book.sums(ALWAYS), { code: 'shutting_down' });
  });

  test('lets go of what is older than it is to be kept', (t) => {
    const { book } = new Stage(t);
    const kept = (by: readonly UsageKey[]): number | undefined => book.sums({ ...DAYS, by })[0]?.requests;
    book.keepFor({ rowsMs: 10 * DAY_MS, daysMs: 30 * DAY_MS });
    for (const days of [31, 11, 9]) book.note(record({ atMs: Date.now() - days * DAY_MS }));
    assert.deepEqual([book.sums(ALWAYS)[0]?.requests, kept(['session']), kept(['user'])], [1, 1, 2]);
    // The sums of days are no shorter there than what they are of.
    book.keepFor({ rowsMs: 5 * DAY_MS, daysMs: DAY_MS });
    book.note(record());
    book.note(record({ atMs: Date.now() - 4 * DAY_MS }));
    assert.deepEqual([book.sums(ALWAYS)[0]?.requests, kept(['session']), kept(['user'])], [2, 2, 2]);
  });

  test('says once that it cannot write, and writes what waits as soon as it can', (t) => {
    const stage = new Stage(t);
    mkdirSync(stage.path);
    stage.book.note(record());
    t.mock.timers.tick(1_000);
    t.mock.timers.tick(1_000);
    assert.deepEqual(stage.errors, ['what has been used of AI providers cannot be kept']);
    rmdirSync(stage.path);
    t.mock.timers.tick(1_000);
    assert.equal(stage.written(), 1);
  });
});
