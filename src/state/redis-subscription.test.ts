import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Redis } from '../../test/support/redis.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisSubscription } from './redis-subscription.ts';

describe('a subscription', () => {
  test('hears what others publish, and says that it does', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const { url } = redis;
    const up = Promise.withResolvers<void>();
    const heard = Promise.withResolvers<string>();
    const subscription = new RedisSubscription({ url, channel: 'c', hear: heard.resolve, onUp: () => up.resolve() });
    const connection = new RedisConnection({ url });
    t.after(() => {
      subscription.close();
      connection.close();
    });
    await up.promise;
    await connection.send(['PUBLISH', 'c', 'hello']);
    assert.equal(await heard.promise, 'hello');
  });
});
