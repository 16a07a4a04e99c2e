import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test, type TestContext } from 'node:test';
import { UsageFile } from './usage-file.ts';
import { DAY_MS, type UsageKey, type UsageRow, type UsageSum } from './usage-row.ts';

const ROW: UsageRow = {
  atMs: 10.5,
  provider: 'claude',
  user: 'ann',
  account: 'team',
  model: 'm-1',
  session: 's-1',
  isKnown: true,
  input: 1,
  output: 20,
  cacheRead: 300,
  cacheWrite: 4000,
};
/** Whole days, and not. */
const DAYS = { fromMs: 0, toMs: 1000 * DAY_MS };
const ALWAYS = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-usage-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function fileIn(t: TestContext): UsageFile {
  const file = new UsageFile(join(folderOf(t), 'usage.db'));
  t.after(() => file.close());
  return file;
}

describe('the file of what has been used', () => {
  test('sums by what is asked for, and by model in any case', (t) => {
    const file = fileIn(t);
    file.add([ROW, { ...ROW, user: 'bob', isKnown: false, input: 0 }, { ...ROW, atMs: DAY_MS, model: 'm-2' }]);
    const tokens = { output: 20, cacheRead: 300, cacheWrite: 4000 };
    for (const when of [ALWAYS, DAYS]) {
      assert.deepEqual(file.sums({ ...when, by: ['day', 'user'] }), [
        {
          keys: { day: '1970-01-01', user: 'ann' },
          model: 'm-1',
          requests: 1,
          unknown: 0,
          cached: 0,
          input: 1,
          ...tokens,
        },
        {
          keys: { day: '1970-01-01', user: 'bob' },
          model: 'm-1',
          requests: 1,
          unknown: 1,
          cached: 0,
          input: 0,
          ...tokens,
        },
        {
          keys: { day: '1970-01-02', user: 'ann' },
          model: 'm-2',
          requests: 1,
          unknown: 0,
          cached: 0,
          input: 1,
          ...tokens,
        },
      ]);
      const all = file.sums({ ...when, by: [] });
      assert.deepEqual(
        all.map(({ model, requests, output }) => [model, requests, output]),
        [
          ['m-1', 2, 40],
          ['m-2', 1, 20],
        ],
      );
      for (const by of ['provider', 'account', 'model', 'session'] as const) {
        assert.equal(file.sums({ ...when, by: [by] })[0]?.keys[by], ROW[by]);
      }
    }
  });

  test('tells who has asked apart from whose key was used', (t) => {
    const file = fileIn(t);
    const asked = [
      ['ann', 'team'],
      ['ann', 'spare'],
      ['bob', 'team'],
      ['bob', 'team'],
    ] as const;
    file.add(asked.map(([user, account]) => ({ ...ROW, user, account })));
    const counted = (by: readonly UsageKey[]): unknown[] => {
      return file.sums({ ...DAYS, by }).map(({ keys, requests }) => [...Object.values(keys), requests]);
    };
    assert.deepEqual(counted(['user']), [
      ['ann', 2],
      ['bob', 2],
    ]);
    assert.deepEqual(counted(['account']), [
      ['spare', 1],
      ['team', 3],
    ]);
    assert.deepEqual(counted(['user', 'account']), [
      ['ann', 'spare', 1],
      ['ann', 'team', 1],
      ['bob', 'team', 2],
    ]);
  });

  test('tells of whole days what it tells of their requests, in however many batches they came', (t) => {
    const file = fileIn(t);
    const of = (list: readonly string[], i: number): string => list[i % list.length] ?? '';
    const rows = Array.from({ length: 500 }, (_, i): UsageRow => {
      const names = { user: of(['ann', 'bob'], i), model: of(['m-1', 'm-2', 'm-3'], i), session: `s-${i % 7}` };
      return { ...ROW, ...names, atMs: (i * DAY_MS) / 100, isKnown: i % 5 > 0, input: i };
    });
    for (let from = 0; from < rows.length; from += 90) file.add(rows.slice(from, from + 90));
    for (const by of [[], ['day', 'user'], ['session'], ['day', 'session', 'model']] as const) {
      const whole = file.sums({ ...DAYS, by });
      assert.deepEqual(whole, file.sums({ ...ALWAYS, by }));
      assert.equal(
        whole.reduce((sum, { requests }: UsageSum) => sum + requests, 0),
        500,
      );
    }
  });

  test('sums what lies between two moments', (t) => {
    const file = fileIn(t);
    file.add([1, 2, 3].map((atMs) => ({ ...ROW, atMs })));
    assert.deepEqual(
      file.sums({ fromMs: 2, toMs: 3, by: [] }).map(({ requests }) => requests),
      [1],
    );
  });

  test('lets go of what is too old', (t) => {
    const file = fileIn(t);
    file.add([1, 2, 3, 4].map((days) => ({ ...ROW, atMs: days * DAY_MS + 5 })));
    file.forget({ rowsBeforeMs: 3 * DAY_MS + 10, daysBeforeMs: 2 * DAY_MS });
    const kept = (by: readonly UsageKey[], when = DAYS): number | undefined => file.sums({ ...when, by })[0]?.requests;
    // Of a day that is partly too old the sums stay.
    assert.deepEqual([kept([], ALWAYS), kept(['session']), kept([])], [1, 2, 3]);
  });

  test('keeps all of a batch or none', (t) => {
    const file = fileIn(t);
    const odd = { ...ROW, input: 'x' as unknown as number };
    for (const when of [ALWAYS, DAYS]) {
      assert.throws(() => file.add([ROW, odd]));
      assert.deepEqual(file.sums({ ...when, by: [] }), []);
    }
    file.add([ROW]);
    for (const when of [ALWAYS, DAYS]) assert.equal(file.sums({ ...when, by: [] })[0]?.requests, 1);
  });

  test('is there again after a restart, and nobody else can read it', (t) => {
    const folder = join(folderOf(t), 'data');
    const path = join(folder, 'usage.db');
    const first = new UsageFile(path);
    first.add([ROW]);
    for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    first.close();
    const second = new UsageFile(path);
    assert.equal(second.sums({ ...ALWAYS, by: [] }).length, 1);
    second.close();
  });

  test('that cannot be used is named', (t) => {
    const folder = folderOf(t);
    const path = join(folder, 'usage.db');
    writeFileSync(path, 'this is no database at all, whatever else it may be'.repeat(20));
    assert.throws(() => new UsageFile(path), {
      code: 'config_invalid',
      message: /^process\.data_dir: .*usage\.db cannot/,
    });
    const newer = join(folder, 'newer.db');
    const database = new DatabaseSync(newer);
    database.exec('PRAGMA user_version = 99');
    database.close();
    assert.throws(() => new UsageFile(newer), { message: /newer version/ });
  });
});
