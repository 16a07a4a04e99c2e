import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PurgeWish } from '../purge-wish.ts';
import { SharedPurges } from './shared-purges.ts';

const WISH: PurgeWish = { orders: [{ kind: 'tag', tag: 'news' }], isSoft: false };

/** A server that remembers what it is told, unless it is away. */
class FakeServer {
  readonly isUp = true;
  timeoutMs = 50;
  isAway = false;
  readonly told: (readonly string[])[] = [];
  readonly list: string[] = [];

  send(args: readonly string[]): Promise<unknown> {
    if (this.isAway) return Promise.reject(new Error('away'));
    this.told.push(args);
    if (args[0] === 'ZADD') this.list.push(args[3]!);
    return Promise.resolve(args[0] === 'ZRANGEBYSCORE' ? this.list : null);
  }

  close(): void {}
}

const settled = (): Promise<unknown> => new Promise(setImmediate);

describe('purges that nodes share', () => {
  test('are written down before they are told, and carried out by the others alone', async () => {
    const server = new FakeServer();
    const done: string[] = [];
    const [one, two] = ['one', 'two'].map(
      (name) => new SharedPurges({ server, carryOut: ({ orders }) => done.push(`${name} ${orders[0]!.kind}`) }),
    );
    one!.tell(WISH);
    await settled();
    assert.deepEqual(
      server.told.map(([command]) => command),
      ['ZADD', 'PUBLISH', 'ZREMRANGEBYSCORE'],
    );
    const text = server.told[1]![2]!;
    one!.hear(text);
    two!.hear(text);
    assert.deepEqual(done, ['two tag']);
  });

  test('are told later when the server was away, and heard by who was away', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const server = new FakeServer();
    server.isAway = true;
    const done: string[] = [];
    const one = new SharedPurges({ server, carryOut: () => {} });
    const two = new SharedPurges({ server, carryOut: ({ orders }) => done.push(orders[0]!.kind) });
    one.tell(WISH);
    await settled();
    server.isAway = false;
    t.mock.timers.tick(1_000);
    await settled();
    assert.equal(server.list.length, 1);
    await two.catchUp();
    assert.deepEqual(done, ['tag']);
    one.close();
    two.close();
  });
});
