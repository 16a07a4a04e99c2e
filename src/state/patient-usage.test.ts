import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { PatientUsage } from './patient-usage.ts';
import type { UsageRow } from './usage-row.ts';
import type { UsageBatch, UsageStore } from './usage-store.ts';
import { WaitingFile } from './waiting-file.ts';

const NAMES = { provider: 'claude', user: 'ann', account: '', model: 'm-1', session: '' };
const ROW: UsageRow = { atMs: 5, ...NAMES, isKnown: true, input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
const ALL = { fromMs: 0, toMs: 1, by: [] };

class Stage {
  isGone = false;
  readonly added: string[] = [];
  attempts = 0;
  readonly told: string[] = [];
  readonly path: string;
  store: PatientUsage;

  constructor(t: TestContext) {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    this.path = join(temporaryFolder(t), 'waiting.db');
    this.store = this.open();
    t.after(() => this.store.close());
  }

  open(): PatientUsage {
    const answer = <T>(value: T): Promise<T> =>
      this.isGone ? Promise.reject(new Error('gone')) : Promise.resolve(value);
    const store: UsageStore = {
      add: ({ id }) => {
        this.attempts += 1;
        if (!this.isGone) this.added.push(id);
        return answer(undefined);
      },
      sums: () => answer([]),
      forget: () => answer(undefined),
      state: () => ({ server: 'redis://a', isUp: true, waitingRows: 0 }),
      close: () => Promise.resolve(),
    };
    return new PatientUsage({
      store,
      waiting: new WaitingFile({ path: this.path, maxRows: 5 }),
      onDown: (error) => this.told.push(String(error)),
      onUp: (rows) => this.told.push(`up ${rows}`),
    });
  }

  batch(id: string, count = 1): UsageBatch {
    return { id, rows: Array.from({ length: count }, () => ROW) };
  }

  async passes(t: TestContext): Promise<void> {
    t.mock.timers.tick(1_000);
    for (let i = 0; i < 5; i += 1) await new Promise(setImmediate);
  }
}

describe('what a store does not take', () => {
  test('waits without trying each time, and is given on in its order when the store is back', async (t) => {
    const stage = new Stage(t);
    await stage.store.add(stage.batch('a'));
    stage.isGone = true;
    for (const id of ['b', 'c']) await stage.store.add(stage.batch(id));
    assert.equal(stage.attempts, 2);
    assert.deepEqual(stage.store.state(), { server: 'redis://a', isUp: false, waitingRows: 2 });
    await stage.passes(t);
    assert.deepEqual([stage.attempts, stage.told], [3, ['Error: gone']]);
    stage.isGone = false;
    await stage.passes(t);
    assert.deepEqual(stage.added, ['a', 'b', 'c']);
    assert.deepEqual(stage.told, ['Error: gone', 'up 2']);
    await stage.store.add(stage.batch('d'));
    assert.deepEqual(stage.added, ['a', 'b', 'c', 'd']);
    assert.deepEqual(stage.store.state(), { server: 'redis://a', isUp: true, waitingRows: 0 });
  });

  test('is given on before a question is answered, which is refused while the store is gone', async (t) => {
    const stage = new Stage(t);
    stage.isGone = true;
    await stage.store.add(stage.batch('a'));
    await assert.rejects(stage.store.sums(ALL), /gone/);
    stage.isGone = false;
    assert.deepEqual(await stage.store.sums(ALL), []);
    assert.deepEqual(stage.added, ['a']);
  });

  test('is given on after a restart', async (t) => {
    const stage = new Stage(t);
    stage.isGone = true;
    await stage.store.add(stage.batch('a', 3));
    await stage.store.close();
    stage.isGone = false;
    stage.store = stage.open();
    await stage.passes(t);
    assert.deepEqual([stage.added, stage.told], [['a'], ['Error: gone', 'up 3']]);
  });

  test('is refused when there is no room for more', async (t) => {
    const stage = new Stage(t);
    stage.isGone = true;
    await stage.store.add(stage.batch('a', 5));
    await assert.rejects(stage.store.add(stage.batch('b')), { code: 'state_unavailable' });
  });

  test('is no matter of what is to be forgotten, which can wait', async (t) => {
    const stage = new Stage(t);
    stage.isGone = true;
    await stage.store.forget({ rowsBeforeMs: 1, daysBeforeMs: 1 });
    await stage.store.forget({ rowsBeforeMs: 1, daysBeforeMs: 1 });
    assert.deepEqual(stage.told, ['Error: gone']);
    stage.isGone = false;
    await stage.passes(t);
    await stage.store.forget({ rowsBeforeMs: 1, daysBeforeMs: 1 });
    assert.deepEqual(stage.told, ['Error: gone', 'up 0']);
  });
});
