import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CacheDesk } from '../services/cache/cache-desk.ts';
import { CacheShelf } from '../services/cache/store/cache-shelf.ts';
import { Redis } from '../../test/support/redis.ts';
import { cacheTierOf, sharePurges } from './cache-of-nodes.ts';

describe('what nodes share of their caches', () => {
  test('is nothing without a server', () => {
    assert.equal(cacheTierOf(new CacheShelf(), 'embedded', 50), null);
    const desk = new CacheDesk();
    sharePurges(desk, 'embedded');
    desk.close();
  });

  test('is one tier for a thread, until its stores close', () => {
    const shelf = new CacheShelf();
    const tier = cacheTierOf(shelf, 'redis://127.0.0.1:1', 50);
    assert.equal(cacheTierOf(shelf, 'redis://127.0.0.1:1', 50), tier);
    shelf.close();
  });

  test('is every purge', async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const heard = Promise.withResolvers<string>();
    const [one, two] = [new CacheDesk(), new CacheDesk()];
    two.serve({ stats: () => [], purge: ({ kind }) => (heard.resolve(kind), 1) });
    for (const desk of [one, two]) sharePurges(desk, redis.url);
    one.purge({ orders: [{ kind: 'all' }], isSoft: false });
    assert.equal(await heard.promise, 'all');
    for (const desk of [one, two]) desk.close();
  });
});
