// Every place where it may be kept what has been used keeps what src/state/usage-store.ts promises.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { Redis } from '../../test/support/redis.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { EmbeddedUsage } from './embedded-usage.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisUsage } from './redis-usage.ts';
import { DAY_MS, type UsageKey, type UsageRow, type UsageSum } from './usage-row.ts';
import type { UsageStore } from './usage-store.ts';

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
const DAYS = { fromMs: 0, toMs: 1000 * DAY_MS };
/** No whole days, but the same requests. */
const PIECES = { fromMs: 1, toMs: 999 * DAY_MS + 5 };

interface Places {
  /** Opens another one onto the same. */
  open(): UsageStore;
}

async function inSqlite(t: TestContext): Promise<Places> {
  const path = join(temporaryFolder(t), 'usage.db');
  return { open: () => new EmbeddedUsage(path) };
}

async function inRedis(t: TestContext): Promise<Places | undefined> {
  const redis = await Redis.start(t);
  if (redis === undefined) return undefined;
  return {
    open: () => {
      const connection = new RedisConnection({ url: redis.url });
      t.after(() => connection.close());
      return new RedisUsage(connection);
    },
  };
}

let batches = 0;

function batchOf(...rows: readonly UsageRow[]): { readonly id: string; readonly rows: readonly UsageRow[] } {
  batches += 1;
  return { id: `batch ${batches}`, rows };
}

for (const [name, places] of [
  ['SQLite', inSqlite],
  ['Redis', inRedis],
] as const) {
  const stage = async (t: TestContext): Promise<UsageStore | undefined> => {
    const opened = await places(t);
    const store = opened?.open();
    t.after(() => store?.close());
    return store;
  };

  describe(`what has been used, kept in ${name}`, () => {
    test('is summed by what is asked for, and by model in any case', async (t) => {
      const store = await stage(t);
      if (store === undefined) return;
      await store.add(batchOf(ROW, { ...ROW, user: 'bob', isKnown: false, input: 0 }));
      await store.add(batchOf({ ...ROW, atMs: DAY_MS, model: 'm-2', isCached: true }));
      const tokens = { output: 20, cacheRead: 300, cacheWrite: 4000 };
      for (const when of [DAYS, PIECES]) {
        assert.deepEqual(await store.sums({ ...when, by: ['day', 'user'] }), [
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
            cached: 1,
            input: 1,
            ...tokens,
          },
        ]);
        const all = await store.sums({ ...when, by: [] });
        assert.deepEqual(
          all.map(({ model, requests, output }) => [model, requests, output]),
          [
            ['m-1', 2, 40],
            ['m-2', 1, 20],
          ],
        );
        for (const by of ['provider', 'account', 'model', 'session'] as const) {
          assert.equal((await store.sums({ ...when, by: [by] }))[0]?.keys[by], ROW[by]);
        }
      }
    });

    test('is the same of whole days and of their requests, whatever it is called', async (t) => {
      const store = await stage(t);
      if (store === undefined) return;
      const of = (list: readonly string[], i: number): string => list[i % list.length] ?? '';
      const rows = Array.from({ length: 500 }, (_, i): UsageRow => {
        const names = { user: of(['ann', 'bö"b', ' ', ''], i), model: of(['m-1', 'm\n2', '["m"]'], i) };
        return { ...ROW, ...names, session: `s-${i % 7}`, atMs: 1 + (i * DAY_MS) / 100, isKnown: i % 5 > 0, input: i };
      });
      for (let from = 0; from < rows.length; from += 90) await store.add(batchOf(...rows.slice(from, from + 90)));
      for (const by of [[], ['day', 'user'], ['session'], ['day', 'session', 'model']] as const) {
        const whole = await store.sums({ ...DAYS, by });
        assert.deepEqual(whole, await store.sums({ ...PIECES, by }));
        assert.equal(
          whole.reduce((sum, { requests }: UsageSum) => sum + requests, 0),
          500,
        );
      }
    });

    test('is told of what lies between two moments', async (t) => {
      const store = await stage(t);
      if (store === undefined) return;
      const moments = [0, 1, 2, DAY_MS - 1, DAY_MS, 2 * DAY_MS, 2 * DAY_MS + 1];
      await store.add(batchOf(...moments.map((atMs) => ({ ...ROW, atMs }))));
      const between = async (fromMs: number, toMs: number): Promise<number> => {
        return (await store.sums({ fromMs, toMs, by: [] }))[0]?.requests ?? 0;
      };
      for (const [from, to] of [
        [0, 0],
        [1, 2],
        [2, DAY_MS],
        [0, DAY_MS],
        [1, DAY_MS + 1],
        [DAY_MS, 2 * DAY_MS],
        [2, 2 * DAY_MS + 1],
        [0, 3 * DAY_MS],
        [5 * DAY_MS, 6 * DAY_MS],
      ] as const) {
        assert.equal(await between(from, to), moments.filter((at) => at >= from && at < to).length, `${from} ${to}`);
      }
    });

    test('goes when it is too old, single requests and sessions before days', async (t) => {
      const store = await stage(t);
      if (store === undefined) return;
      await store.forget({ rowsBeforeMs: DAY_MS, daysBeforeMs: DAY_MS });
      await store.add(batchOf(...[1, 2, 3, 4].map((days) => ({ ...ROW, atMs: days * DAY_MS + 5 }))));
      await store.forget({ rowsBeforeMs: 3 * DAY_MS, daysBeforeMs: 2 * DAY_MS });
      const kept = async (by: readonly UsageKey[]): Promise<number | undefined> => {
        return (await store.sums({ ...DAYS, by }))[0]?.requests;
      };
      assert.deepEqual([await kept(['session']), await kept([])], [2, 3]);
      const piece = await store.sums({ fromMs: 2 * DAY_MS + 1, toMs: 3 * DAY_MS - 1, by: [] });
      assert.deepEqual(piece, []);
      await store.forget({ rowsBeforeMs: 3 * DAY_MS, daysBeforeMs: 2 * DAY_MS });
      assert.equal(await kept([]), 3);
    });

    test('counts what no 32 bits would hold', async (t) => {
      const store = await stage(t);
      if (store === undefined) return;
      const input = 2 ** 50 + 1;
      await store.add(batchOf({ ...ROW, input }));
      await store.add(batchOf({ ...ROW, input }));
      assert.equal((await store.sums({ ...DAYS, by: [] }))[0]?.input, 2 * input);
    });

    test('is there for whoever opens it next', async (t) => {
      const opened = await places(t);
      if (opened === undefined) return;
      const first = opened.open();
      assert.deepEqual(await first.sums({ ...DAYS, by: [] }), []);
      await first.add(batchOf(ROW));
      await first.close();
      const second = opened.open();
      assert.equal((await second.sums({ ...DAYS, by: [] }))[0]?.requests, 1);
      await second.close();
    });
  });
}
