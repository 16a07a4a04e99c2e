import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SluiceError } from '../core/errors.ts';
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
