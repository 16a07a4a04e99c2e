import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Redis } from '../../test/support/redis.ts';
import { SluiceError } from '../core/errors.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisState } from './redis-state.ts';

class Connection {
  readonly server = 'redis://x';
  readonly isUp = true;
  readonly sent: (readonly string[])[] = [];
  readonly isCluster: boolean;
  private knowsScripts = false;

  constructor(isCluster = false) {
    this.isCluster = isCluster;
  }

  send(args: readonly string[]): Promise<unknown> {
    this.sent.push(args);
    if (args[0] === 'EVALSHA' && !this.knowsScripts) {
      const cause = new Error('NOSCRIPT No matching script.');
      return Promise.reject(new SluiceError('state_unavailable', { cause }));
    }
    this.knowsScripts = true;
    return Promise.resolve(Array.from({ length: Number(args[2]) }, () => '1 2 3.000 0.000'));
  }

  close(): void {}
}

const wishes = Array.from({ length: 250 }, (_, index) => {
  return { bucket: String(index), limit: { intervalMs: 1, burst: 1 }, spent: 0, need: 1, more: 0 };
});

test('a user of Redis with no more rights than the guide says may do all of it', { timeout: 20_000 }, async (t) => {
  const redis = await Redis.start(t);
  if (redis === undefined) return;
  const guide = readFileSync(new URL('../../docs/guide-scaling.md', import.meta.url), 'utf8');
  const [, rights = ''] = /ACL needs `([^`]+)`/.exec(guide) ?? [];
  const admin = new RedisConnection({ url: redis.url });
  t.after(() => admin.close());
  await admin.send(['ACL', 'SETUSER', 'sluice', 'on', '>pass', ...rights.split(' ')]);
  const url = redis.url.replace('redis://', 'redis://sluice:pass@');
  const state = new RedisState({ connection: new RedisConnection({ url }), url });
  t.after(() => state.close());
  const up = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<string>();
  state.hear('c', heard.resolve, up.resolve);
  await up.promise;
  await state.publish('c', 'hello');
  assert.equal(await heard.promise, 'hello');
  assert.equal((await state.borrow(wishes)).length, 250);
  const { lease } = await state.claim({ name: 'n', owner: 'A', value: '', ttlMs: 60_000 });
  assert.deepEqual([...(await state.renew([lease], 60_000)), await state.release(lease)], [true, true]);
  assert.deepEqual([await state.bind('k', 'v', 1_000), await state.holder('n')], ['v', null]);
  await state.append('l', [{ id: 1, text: 't' }], { most: 10, ttlMs: 1_000 });
  assert.equal((await state.readAfter('l', 0, 9)).length, 1);
  const place = await state.swapRow('t', 'k', { before: null, after: 'r' });
  assert.deepEqual([await state.row('t', 'k'), (await state.rowsAfter('t', 0, 9)).rows[0]?.place], ['r', place]);
  assert.equal((await state.standUp({ id: 'A', address: '' }, 60_000)).length, 1);
  await state.standDown('A');
});

describe('buckets in Redis', () => {
  test('are asked for by the digest of a script, and by its text where it is not known', async () => {
    const connection = new Connection();
    const state = new RedisState({ connection, url: 'redis://x' });
    const [loan] = await state.borrow(wishes.slice(0, 1));
    assert.deepEqual(loan, { granted: 1, left: 2, resetMs: 3, retryAfterMs: 0 });
    await state.borrow(wishes.slice(0, 1));
    assert.deepEqual(
      connection.sent.map(([command]) => command),
      ['EVALSHA', 'EVAL', 'EVALSHA'],
    );
  });

  test('are asked for together, but in a cluster, where they do not lie together', async () => {
    for (const [isCluster, sizes] of [
      [false, ['100', '100', '50']],
      [true, Array.from({ length: 250 }, () => '1')],
    ] as const) {
      const connection = new Connection(isCluster);
      const state = new RedisState({ connection, url: 'redis://x' });
      await state.borrow(wishes.slice(0, 1));
      connection.sent.length = 0;
      assert.equal((await state.borrow(wishes)).length, 250);
      assert.deepEqual(
        connection.sent.map(([, , size]) => size),
        sizes,
      );
    }
  });
});
