import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CacheDesk } from './cache-desk.ts';
import type { RouteCounts } from './store/cache-counters.ts';
import { CacheStore } from './store/cache-store.ts';
import type { PurgeOrder } from './store/purge-lists.ts';

const NONE = { hits: 0, misses: 0, stale: 0, coalesced: 0, evictions: 0, servedBytes: 0, stored: 0, purged: 0 };

function counts(route: string, changes: Partial<RouteCounts>): RouteCounts {
  return { route, ...NONE, ...changes };
}

describe('the desk of the cache', () => {
  test('knows of nothing where there is no cache', () => {
    const desk = new CacheDesk();
    assert.deepEqual(desk.purge({ orders: [{ kind: 'all' }], isSoft: false }), { purged: 0, soft: false });
    const { entries, hit_ratio: ratio, routes } = desk.stats();
    assert.deepEqual([entries, ratio, routes], [0, null, []]);
  });

  test('adds up the stores, as a whole and by route', () => {
    const desk = new CacheDesk();
    desk.serve({
      purge: () => 0,
      stats: () => [
        {
          entries: 2,
          bytes: 100,
          maxBytes: 1000,
          diskBytes: 0,
          routes: [counts('b', { hits: 6, misses: 2, servedBytes: 9 })],
        },
        {
          entries: 1,
          bytes: 50,
          maxBytes: 500,
          diskBytes: 0,
          routes: [counts('a', { misses: 1 }), counts('b', { coalesced: 1 })],
        },
      ],
    });
    const { routes, ...whole } = desk.stats();
    assert.deepEqual([whole.entries, whole.bytes, whole.max_bytes, whole.hit_ratio], [3, 150, 1500, 0.7]);
    assert.deepEqual(
      routes.map((each) => [each.route, each.hits, each.misses, each.coalesced, each.served_bytes, each.hit_ratio]),
      [
        ['a', 0, 1, 0, 0, 0],
        ['b', 6, 2, 1, 9, 0.7778],
      ],
    );
  });

  test('has every store purge what is meant', () => {
    const asked: [PurgeOrder, boolean][] = [];
    const desk = new CacheDesk();
    desk.serve({ stats: () => [], purge: (order, isSoft) => asked.push([order, isSoft]) });
    const orders: PurgeOrder[] = [
      { kind: 'tag', tag: 'a' },
      { kind: 'tag', tag: 'b' },
    ];
    assert.deepEqual(desk.purge({ orders, isSoft: true }), { purged: 3, soft: true });
    assert.deepEqual(
      asked,
      orders.map((order) => [order, true]),
    );
  });

  test('reads a store as it is', () => {
    const store = new CacheStore({ maxBytes: 4_194_304 });
    const desk = new CacheDesk();
    desk.serve({ purge: (order, isSoft) => store.purge(order, isSoft), stats: () => [store.stats] });
    store.missed('a');
    assert.deepEqual([desk.stats().misses, desk.stats().routes[0]?.route, desk.stats().max_bytes > 0], [1, 'a', true]);
  });
});
