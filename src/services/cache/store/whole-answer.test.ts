import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { found, storedMeta, TakingReader } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';
import type { Flight, FlightWaiter } from './flights.ts';

const A = 'http://a.test/one';
const WAITER: FlightWaiter = { joined() {}, again() {}, alone() {}, failed() {} };

describe('an answer that comes in one piece', () => {
  test('is found when all of it is there, and read by its filling until it has left', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const filling = store.fill(A, storedMeta(A), 5);
    assert.deepEqual([store.find(A).length, filling.isKept, filling.isPending], [0, true, true]);
    filling.write(Buffer.from('hello'));
    const reader = new TakingReader();
    filling.read(reader);
    assert.deepEqual([reader.text, reader.state], ['hello', 'ended']);
    assert.equal(filling.end(), true);
    assert.equal(found(store, A), 'hello');
    store.purge({ kind: 'all' });
    assert.equal(filling.read(new TakingReader()), null);
    assert.equal(store.find(A).length, 0);
  });

  test('may have no body, trailers, or an end that nobody heard', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    assert.equal(store.fill(A, storedMeta(A), 0).end(), true);
    assert.equal(found(store, A), '');
    const trailed = store.fill(A, storedMeta(A), 2);
    trailed.write(Buffer.from('..hi'), 2, 4);
    trailed.end([['X-Sum', '1']]);
    assert.deepEqual([found(store, A), store.find(A)[0]!.trailers], ['hi', [['X-Sum', '1']]]);
    const unheard = store.fill(A, storedMeta(A), 3);
    unheard.write(Buffer.from('new'));
    unheard.abort();
    assert.deepEqual([unheard.status, found(store, A), store.find(A).length], ['whole', 'new', 1]);
  });

  test('that is cut, or longer than was said, leaves nothing behind', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const used = store.stats.bytes;
    const cut = store.fill(A, storedMeta(A), 5);
    cut.write(Buffer.from('he'));
    assert.equal(cut.isPending, false);
    cut.abort();
    const silent = store.fill(A, storedMeta(A), 5);
    silent.abort();
    assert.deepEqual([cut.status, silent.status, store.find(A).length], ['torn', 'torn', 0]);
    const long = store.fill(A, storedMeta(A), 5);
    long.write(Buffer.from('hello'));
    long.write(Buffer.from(', world'));
    assert.deepEqual([long.end(), long.status, store.find(A).length], [false, 'torn', 0]);
    for (let again = 0; again < 100; again += 1) {
      const filling = store.fill(A, storedMeta(A), 5);
      filling.write(Buffer.from('hell'));
      filling.abort();
    }
    assert.ok(store.stats.bytes - used < 1000, `${store.stats.bytes - used} bytes are lost`);
  });

  test('is not kept if it was purged while it was asked for', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const flight = store.claim(A, WAITER) as Flight;
    store.purge({ kind: 'url', url: A });
    const filling = flight.fill(A, storedMeta(A), 5);
    filling.write(Buffer.from('hello'));
    assert.deepEqual([filling.isKept, filling.read(new TakingReader())], [false, null]);
    filling.end();
    assert.equal(store.find(A).length, 0);
  });

  test('takes the place of what was there, and many of them stay within their memory', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    for (let index = 0; index < 5000; index += 1) {
      const url = `${A}?${index % 4000}`;
      const filling = store.fill(url, storedMeta(url), 9);
      filling.write(Buffer.from(String(index).padStart(9)));
      filling.end();
      assert.equal(found(store, url), String(index).padStart(9));
    }
    assert.ok(store.stats.bytes <= 1_000_000);
  });
});
