import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { found, keep, storedMeta, TakingReader } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';
import type { Flight, FlightWaiter } from './flights.ts';
import type { PurgeOrder } from './purge-lists.ts';

const A = 'http://a.test/one';

class Waiting implements FlightWaiter {
  readonly reader = new TakingReader();
  said = '';

  joined(filling: Parameters<FlightWaiter['joined']>[0]): void {
    this.said = 'joined';
    filling.read(this.reader);
  }

  again(): void {
    this.said = 'again';
  }

  alone(): void {
    this.said = 'alone';
  }

  failed(): void {
    this.said = 'failed';
  }
}

function claim(store: CacheStore): { flight: Flight; waiters: Waiting[] } {
  const flight = store.claim(A, new Waiting()) as Flight;
  const waiters = Array.from({ length: 1000 }, () => new Waiting());
  for (const waiter of waiters) assert.equal(store.claim(A, waiter), 'waiting');
  return { flight, waiters };
}

describe('a flight', () => {
  test('is flown by one, and all who wait get what it brings from the first byte on', () => {
    let nowMs = 0;
    const store = new CacheStore({ maxBytes: 1_000_000, nowMs: () => nowMs });
    const { flight, waiters } = claim(store);
    store.leave(A, waiters[0]!);
    assert.equal(flight.waiting, 999);
    const filling = flight.fill(A, storedMeta(A), -1);
    filling.write(Buffer.from('hello '));
    const late = new Waiting();
    assert.equal(store.claim(A, late), 'waiting');
    filling.write(Buffer.from('world'));
    filling.end();
    assert.ok(
      [...waiters.slice(1), late].every(({ reader }) => reader.text === 'hello world' && reader.state === 'ended'),
    );
    assert.equal(waiters[0]!.said, '');
    nowMs += 1;
    assert.equal(typeof store.claim(A, new Waiting()), 'object');
  });

  test('that brings nothing to share lets everybody go alone, for some time', () => {
    let nowMs = 1_800_000_000_000;
    const store = new CacheStore({ maxBytes: 1_000_000, nowMs: () => nowMs });
    const { flight, waiters } = claim(store);
    flight.uncacheable(5000);
    assert.ok(waiters.every(({ said }) => said === 'alone'));
    assert.equal(store.claim(A, new Waiting()), 'alone');
    assert.equal(typeof store.claim('http://a.test/two', new Waiting()), 'object');
    nowMs += 6000;
    assert.equal(typeof store.claim(A, new Waiting()), 'object');
  });

  test('that fails, or whose pilot leaves, says so to all who wait', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const failing = claim(store);
    failing.flight.failed();
    assert.ok(failing.waiters.every(({ said }) => said === 'failed'));
    const leaving = claim(store);
    leaving.flight.release();
    assert.ok(leaving.waiters.every(({ said }) => said === 'again'));
    assert.equal(typeof store.claim(A, new Waiting()), 'object');
  });

  test('with what is too large to be kept lets those who wait go alone', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const { flight, waiters } = claim(store);
    flight.fill(A, storedMeta(A), 900_000);
    assert.ok(waiters.every(({ said }) => said === 'alone'));
    keep(store, A, 'small');
  });

  for (const order of [{ kind: 'url', url: A }, { kind: 'tag', tag: 'one' }, { kind: 'all' }] satisfies PurgeOrder[]) {
    for (const hasBegun of [false, true]) {
      test(`is not joined after a purge by ${order.kind}, ${hasBegun ? 'once' : 'before'} its answer has begun`, () => {
        const store = new CacheStore({ maxBytes: 1_000_000 });
        const { flight, waiters } = claim(store);
        const begun = hasBegun ? flight.fill(A, storedMeta(A, { tags: ['one'] }), 3) : null;
        store.purge(order);
        const next = store.claim(A, new Waiting()) as Flight;
        assert.equal(typeof next, 'object');
        const late = new Waiting();
        assert.equal(store.claim(A, late), 'waiting');
        const filling = begun ?? flight.fill(A, storedMeta(A, { tags: ['one'] }), 3);
        filling.write(Buffer.from('old'));
        filling.end();
        assert.ok(waiters.every(({ reader }) => reader.text === 'old' && reader.state === 'ended'));
        const fresh = next.fill(A, storedMeta(A), 3);
        fresh.write(Buffer.from('new'));
        fresh.end();
        assert.deepEqual([late.reader.text, late.reader.state], ['new', 'ended']);
        assert.equal(found(store, A), 'new');
      });
    }
  }

  test('is joined whatever else was purged', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const { flight } = claim(store);
    store.purge({ kind: 'url', url: 'http://a.test/two' });
    assert.equal(store.claim(A, new Waiting()), 'waiting');
    flight.fill(A, storedMeta(A, { tags: ['one'] }), -1);
    store.purge({ kind: 'tag', tag: 'two' });
    assert.equal(store.claim(A, new Waiting()), 'waiting');
  });

  test('that a purge has overtaken tells of its end who wants to know of it', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const filling = claim(store).flight.fill(A, storedMeta(A), -1);
    const { onOver } = filling;
    let ends = 0;
    filling.onOver = () => {
      onOver?.();
      ends += 1;
    };
    store.purge({ kind: 'all' });
    store.claim(A, new Waiting());
    filling.end();
    assert.equal(ends, 1);
  });

  test('that a purge has overtaken forgets who leaves', () => {
    const store = new CacheStore({ maxBytes: 1_000_000 });
    const { flight, waiters } = claim(store);
    store.purge({ kind: 'all' });
    (store.claim(A, new Waiting()) as Flight).release();
    store.leave(A, waiters[0]!);
    assert.equal(flight.waiting, 999);
    flight.failed();
    assert.deepEqual([waiters[0]!.said, waiters[1]!.said], ['', 'failed']);
  });
});
