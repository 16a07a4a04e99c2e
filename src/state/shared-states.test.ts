// Whatever keeps what nodes share keeps what src/state/shared-state.ts promises.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from '../../test/support/redis.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { MemoryShare, MemoryState } from './memory-state.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisState } from './redis-state.ts';
import type { LoanWish, SharedState } from './shared-state.ts';
import { SqliteState } from './sqlite-state.ts';

/** Opens another one onto the same. */
type Opener = () => SharedState;

function inMemory(): Opener {
  const share = new MemoryShare();
  return () => new MemoryState(share);
}

function inSqlite(t: TestContext): Opener {
  const path = join(temporaryFolder(t), 'state.db');
  return () => new SqliteState(path);
}

async function inRedis(t: TestContext, command?: string): Promise<Opener | undefined> {
  const redis = await Redis.start(t, command === undefined ? {} : { command });
  if (redis === undefined) return undefined;
  const { url } = redis;
  return () => new RedisState({ connection: new RedisConnection({ url }), url });
}

/** Not in every Debian yet. */
const VALKEY = '/usr/bin/valkey-server';
const HOUR_MS = 3_600_000;
const A_MINUTE = { intervalMs: 60_000, burst: 10 };

function wish(bucket: string, need: number, others: Partial<LoanWish> = {}): LoanWish {
  return { bucket, limit: A_MINUTE, spent: 0, need, more: 0, ...others };
}

async function granted(state: SharedState, ...wishes: readonly LoanWish[]): Promise<number[]> {
  return (await state.borrow(wishes)).map((loan) => loan.granted);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(5);
}

for (const [name, places] of [
  ['memory', inMemory],
  ['SQLite', inSqlite],
  ['Redis', (t: TestContext) => inRedis(t)],
  ...(existsSync(VALKEY) ? [['Valkey', (t: TestContext) => inRedis(t, VALKEY)] as const] : []),
] as const) {
  describe(`state in ${name}`, { timeout: 30_000 }, () => {
    async function two(t: TestContext): Promise<readonly [SharedState, SharedState] | undefined> {
      const open = await places(t);
      if (open === undefined) return undefined;
      const states = [open(), open()] as const;
      t.after(() => states.forEach((state) => state.close()));
      return states;
    }

    test('lends what is in a bucket once, whoever asks', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      assert.deepEqual(await granted(one, wish('a', 4), wish('b', 1)), [4, 1]);
      assert.deepEqual(await granted(other, wish('a', 4)), [4]);
      const [last] = await one.borrow([wish('a', 4)]);
      assert.deepEqual([last?.granted, last?.left], [2, 0]);
      assert.ok(last !== undefined && last.retryAfterMs > 50_000 && last.retryAfterMs <= 60_000, JSON.stringify(last));
      assert.ok(last.resetMs > 590_000 && last.resetMs <= 600_000, JSON.stringify(last));
      assert.deepEqual(await granted(other, wish('a', 1), wish('b', 9)), [0, 9]);
    });

    test('lends half of what is left in advance, and charges what is spent in any case', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      assert.deepEqual(await granted(one, wish('a', 1, { more: 100 })), [5]);
      assert.deepEqual(await granted(other, wish('a', 0, { more: 100 })), [2]);
      const [over] = await one.borrow([wish('a', 1, { spent: 5 })]);
      assert.deepEqual([over?.granted, over?.left], [0, 0]);
      // Two too many are paid for as well.
      assert.ok((over?.retryAfterMs ?? 0) > 170_000, JSON.stringify(over));
    });

    test('fills a bucket again in time', async (t) => {
      const [one] = (await two(t)) ?? [];
      if (one === undefined) return;
      const limit = { intervalMs: 5, burst: 3 };
      assert.deepEqual(await granted(one, wish('a', 9, { limit })), [3]);
      await until(async () => (await granted(one, wish('a', 1, { limit })))[0] === 1);
    });

    test('gives places in a room to as many as there are, until they are given back or nobody says that they are taken', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      const ask = async (
        owner: string,
        [taken, need, more = 0]: readonly number[],
        ttlMs = HOUR_MS,
      ): Promise<string> => {
        const asked = { room: 'r', owner, most: 10, taken: taken ?? 0, need: need ?? 0, more };
        const [places] = await (owner === 'a' ? one : other).occupy([asked], ttlMs);
        return `${places?.granted} ${places?.left}`;
      };
      assert.equal(await ask('a', [0, 4, 3]), '7 3');
      assert.equal(await ask('b', [0, 4]), '3 0');
      assert.equal(await ask('a', [4, 0]), '0 3');
      assert.equal(await ask('b', [3, 4]), '3 0');
      assert.equal(await ask('a', [0, 0]), '0 4');
      assert.equal(await ask('b', [6, 0], 1), '0 4');
      await until(async () => (await ask('a', [0, 0])) === '0 10');
      const rooms = ['x', 'y'].map((room) => ({ room, owner: 'a', most: 1, taken: 0, need: 1, more: 0 }));
      assert.deepEqual(await one.occupy([...rooms, { ...rooms[0]!, owner: 'b' }], HOUR_MS), [
        { granted: 1, left: 0 },
        { granted: 1, left: 0 },
        { granted: 0, left: 0 },
      ]);
    });

    test('gives a lease to one owner at a time', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      const first = await one.claim({ name: 'n', owner: 'A', value: 'at A', ttlMs: HOUR_MS });
      assert.partialDeepStrictEqual(first, { isMine: true, lease: { owner: 'A', value: 'at A' } });
      const second = await other.claim({ name: 'n', owner: 'B', value: 'at B', ttlMs: HOUR_MS });
      assert.deepEqual(second, { isMine: false, lease: first.lease });
      assert.deepEqual(await other.holder('n'), first.lease);
      assert.equal(await other.holder('m'), null);
      assert.equal(await one.release(first.lease), true);
      assert.equal(await other.holder('n'), null);
      assert.deepEqual(await one.renew([first.lease], HOUR_MS), [false]);
    });

    test('lets nobody act by a lease that is somebody else’s by now', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      const { lease: old } = await one.claim({ name: 'n', owner: 'A', value: '', ttlMs: HOUR_MS });
      const taken = await other.claim({ name: 'n', owner: 'B', value: '', ttlMs: HOUR_MS, takesOver: old.fence });
      assert.ok(taken.isMine && taken.lease.fence > old.fence);
      assert.deepEqual([...(await one.renew([old], HOUR_MS)), await one.release(old)], [false, false]);
      const late = await one.claim({ name: 'n', owner: 'A', value: '', ttlMs: HOUR_MS, takesOver: old.fence });
      assert.equal(late.isMine, false);
      const again = await other.claim({ name: 'n', owner: 'B', value: 'new', ttlMs: HOUR_MS });
      assert.ok(again.isMine && again.lease.fence > taken.lease.fence);
      assert.equal(await other.release(taken.lease), false);
      assert.deepEqual(await one.holder('n'), again.lease);
    });

    test('gives a lease that is over to the next who asks', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      const { lease } = await one.claim({ name: 'n', owner: 'A', value: '', ttlMs: 30 });
      await until(async () => (await other.holder('n')) === null);
      assert.deepEqual(await one.renew([lease], HOUR_MS), [false]);
      const next = await other.claim({ name: 'n', owner: 'B', value: '', ttlMs: HOUR_MS });
      assert.ok(next.isMine && next.lease.fence > lease.fence);
      assert.equal(await one.release(lease), false);
      assert.deepEqual(await other.renew([lease, next.lease], HOUR_MS), [false, true]);
    });

    test('keeps notes on boards until they are taken down', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      await one.pin('users', 'a', '1');
      await one.pin('users', 'a', '2');
      await one.pin('users', 'b', 'ü"\n');
      await one.pin('others', 'c', '3');
      const notes = { a: '2', b: 'ü"\n' };
      assert.deepEqual(Object.fromEntries(await other.pinned('users')), notes);
      assert.deepEqual([await other.unpin('users', 'a'), await other.unpin('users', 'a')], [true, false]);
      assert.deepEqual([...(await one.pinned('users')).keys()], ['b']);
    });

    test('keeps values for their time, and the first that was bound', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      await one.put('a', '1', HOUR_MS);
      assert.deepEqual([await other.get('a'), await other.get('b')], ['1', null]);
      assert.deepEqual([await one.bind('s', 'x', HOUR_MS), await other.bind('s', 'y', HOUR_MS)], ['x', 'x']);
      await other.drop('a');
      assert.equal(await one.get('a'), null);
      await one.put('short', '1', 20);
      await until(async () => (await one.get('short')) === null);
    });

    test('keeps rows, each of them swapped only by whoever knows how it stands', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      assert.deepEqual([await one.row('users', 'a'), (await one.rowsAfter('users', 0, 9)).age], [null, '']);
      const first = await one.swapRow('users', 'a', { before: null, after: '1' });
      assert.ok(first !== null);
      assert.equal(await other.swapRow('users', 'a', { before: null, after: 'x' }), null);
      assert.equal(await other.swapRow('users', 'a', { before: '', after: 'x' }), null);
      const second = await other.swapRow('users', 'a', { before: '1', after: 'ü"\n' });
      assert.ok(second !== null && second > first);
      assert.equal(await one.row('users', 'a'), 'ü"\n');
      assert.equal(await one.row('others', 'a'), null);
      const all = [one, other].map((state, at) => state.swapRow('users', 'b', { before: null, after: String(at) }));
      assert.equal((await Promise.all(all)).filter((place) => place !== null).length, 1);
    });

    test('tells which rows are new, in the order in which they were swapped in', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      for (const key of ['a', 'b', 'c']) await one.swapRow('t', key, { before: null, after: key });
      await one.swapRow('t', 'a', { before: 'a', after: 'again' });
      const { age, rows } = await other.rowsAfter('t', 0, 2);
      assert.notEqual(age, '');
      assert.deepEqual(
        rows.map(({ key, text }) => [key, text]),
        [
          ['b', 'b'],
          ['c', 'c'],
        ],
      );
      const rest = await other.rowsAfter('t', rows.at(-1)?.place ?? 0, 9);
      assert.deepEqual(
        [
          rest.age,
          rest.rows.map(({ key, text }) => [key, text]),
          (await one.rowsAfter('t', rest.rows[0]?.place ?? 0, 9)).rows,
        ],
        [age, [['a', 'again']], []],
      );
      await other.swapRow('u', 'a', { before: null, after: '' });
      assert.notEqual((await one.rowsAfter('u', 0, 9)).age, age);
    });

    test('keeps a log in order, each item once, and no more than it may', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      const bounds = { most: 100, ttlMs: HOUR_MS };
      await one.append(
        'run',
        [
          { id: 0, text: 'zero' },
          { id: 1, text: 'one' },
        ],
        bounds,
      );
      await one.append(
        'run',
        [
          { id: 1, text: 'one' },
          { id: 2, text: 'two' },
        ],
        bounds,
      );
      assert.deepEqual(await other.readAfter('run', 0, 9), [
        { id: 1, text: 'one' },
        { id: 2, text: 'two' },
      ]);
      assert.deepEqual(await other.readAfter('run', -1, 1), [{ id: 0, text: 'zero' }]);
      assert.deepEqual(await other.readAfter('run', 2, 9), []);
      const many = Array.from({ length: 1000 }, (_, index) => ({ id: index, text: String(index) }));
      await one.append('long', many, bounds);
      const kept = await other.readAfter('long', -1, 1000);
      assert.equal(kept.at(-1)?.id, 999);
      assert.ok(kept.length >= 100 && kept.length < 300, String(kept.length));
    });

    test('tells all who listen', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      const heard: string[] = [];
      const up = Promise.withResolvers<void>();
      const ear = other.hear('c', (text) => heard.push(text), up.resolve);
      await up.promise;
      await one.publish('c', 'hello');
      await one.publish('d', 'not you');
      await one.publish('c', 'again');
      await until(() => heard.length === 2);
      assert.deepEqual(heard, ['hello', 'again']);
      ear.close();
    });

    test('knows who is there', async (t) => {
      const [one, other] = (await two(t)) ?? [];
      if (one === undefined || other === undefined) return;
      await one.standUp({ id: 'A', address: '127.0.0.1:1' }, HOUR_MS);
      const both = await other.standUp({ id: 'B', address: '' }, HOUR_MS);
      assert.deepEqual(both.map(({ id }) => id).toSorted(), ['A', 'B']);
      assert.deepEqual(
        both.find(({ id }) => id === 'A'),
        { id: 'A', address: '127.0.0.1:1' },
      );
      await one.standDown('A');
      await other.standUp({ id: 'B', address: '' }, 20);
      await until(async () => (await one.nodes()).length === 0);
    });
  });
}
