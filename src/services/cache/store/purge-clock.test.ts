import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { found, keep, storedMeta } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';
import type { Flight } from './flights.ts';
import { PURGE_INTS, PurgeClock } from './purge-clock.ts';
import type { PurgeOrder } from './purge-lists.ts';

const A = 'http://a.test/one';
const NOBODY = { joined: () => {}, again: () => {}, alone: () => {}, failed: () => {} };

describe('what is purged while it is being fetched', () => {
  const orders: PurgeOrder[] = [
    { kind: 'key', key: A },
    { kind: 'url', url: A },
    { kind: 'prefix', prefix: 'http://a' },
    { kind: 'host', pattern: 'A.test' },
    { kind: 'host', pattern: '*.test' },
    { kind: 'tag', tag: 'one' },
    { kind: 'all' },
  ];
  for (const order of orders) {
    test(`is not kept after a purge by ${order.kind}, also if its answer had not begun`, () => {
      const store = new CacheStore({ maxBytes: 1_000_000 });
      const meta = storedMeta(A, { tags: ['one'] });
      const filling = store.fill(A, meta, 2);
      filling.write(Buffer.from('hi'));
      store.purge(order);
      assert.equal(filling.end(), true);
      assert.equal(found(store, A), null);
      const flight = store.claim(A, NOBODY) as Flight;
      store.purge(order);
      const late = flight.fill(A, meta, 2);
      late.write(Buffer.from('hi'));
      late.end();
      assert.equal(found(store, A), null);
      keep(store, A, 'new');
      assert.equal(found(store, A), 'new');
    });
  }
});

test('another purge does not meet it', () => {
  const clock = new PurgeClock(new Int32Array(new SharedArrayBuffer(PURGE_INTS * 4)));
  const since = clock.now;
  clock.note({ kind: 'url', url: 'http://a.test/two' });
  assert.equal(clock.isPurged(since, A, storedMeta(A)), false);
  clock.note({ kind: 'url', url: A });
  assert.equal(clock.isPurged(since, A, storedMeta(A)), true);
  assert.equal(clock.isPurged(clock.now, A, storedMeta(A)), false);
});
