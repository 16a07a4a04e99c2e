// Flights over threads. Two stores on one memory stand for two threads; what they say to each other is delivered when the test says so.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { found, keep, storedMeta, TakingReader } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';
import type { BodyReading } from './body-reading.ts';
import type { JoinedFilling } from './filling.ts';
import type { Flight, FlightChannel, FlightWaiter } from './flights.ts';

const A = 'http://a.test/one';
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Waiting implements FlightWaiter {
  readonly reader = new TakingReader();
  filling: JoinedFilling | null = null;
  reading: BodyReading | null = null;
  said = '';

  joined(filling: JoinedFilling): void {
    this.said = 'joined';
    this.filling = filling;
    this.reading = filling.read(this.reader);
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

/** Delivers at once, to the others. */
function channels(count: number): FlightChannel[] {
  const ears: ((word: unknown) => void)[] = [];
  return Array.from({ length: count }, (_, index) => ({
    say: (word) => ears.forEach((hear, other) => other !== index && hear(structuredClone(word))),
    listen: (hear) => (ears[index] = hear),
  }));
}

function threads(maxBytes = 1_000_000): [CacheStore, CacheStore] {
  const [one, two] = channels(2);
  const first = new CacheStore({ maxBytes, threads: 2, channel: one! });
  return [first, new CacheStore({ maxBytes, threads: 2, thread: 1, memory: first.memory, channel: two! })];
}

describe('a flight of another thread', () => {
  test('is waited for, and read from the first byte on while it comes', async () => {
    const [first, second] = threads();
    const flight = first.claim(A, new Waiting()) as Flight;
    const early = new Waiting();
    assert.equal(second.claim(A, early), 'waiting');
    assert.equal(early.said, '');
    const filling = flight.fill(A, storedMeta(A), 11);
    await turn();
    assert.equal(early.said, 'joined');
    assert.deepEqual([early.filling!.key, early.filling!.meta, early.filling!.bodyLength], [A, storedMeta(A), 11]);
    filling.write(Buffer.from('hello '));
    await turn();
    assert.equal(early.reader.text, 'hello ');
    const late = new Waiting();
    assert.equal(second.claim(A, late), 'waiting');
    assert.equal(late.reader.text, 'hello ');
    filling.write(Buffer.from('world'));
    filling.end();
    assert.deepEqual([early.reader.text, early.reader.state, late.reader.state], ['hello world', 'ended', 'ended']);
    assert.equal(found(second, A), 'hello world');
    assert.equal(typeof second.claim(A, new Waiting()), 'object');
  });

  test('that is cut, fails, is released or is not to be shared, ends for those who wait as for its own', async () => {
    const [first, second] = threads();
    const outcomes: string[] = [];
    for (const end of ['release', 'failed', 'uncacheable'] as const) {
      const flight = first.claim(A, new Waiting()) as Flight;
      const waiter = new Waiting();
      second.claim(A, waiter);
      flight[end](0);
      outcomes.push(waiter.said);
    }
    assert.deepEqual(outcomes, ['again', 'failed', 'alone']);
    const flight = first.claim(A, new Waiting()) as Flight;
    const [joined, gone] = [new Waiting(), new Waiting()];
    second.claim(A, joined);
    second.claim(A, gone);
    second.leave(A, gone);
    const filling = flight.fill(A, storedMeta(A), -1);
    filling.write(Buffer.from('hel'));
    await turn();
    filling.abort();
    assert.deepEqual([joined.reader.text, joined.reader.state, gone.said], ['hel', 'failed', '']);
    first.claim(A, new Waiting()) as Flight;
    second.claim(A, gone);
    second.forgetThread(0);
    assert.equal(gone.said, 'again');
  });

  test('that has ended between looking and claiming is not flown again', () => {
    const [first, second] = threads();
    second.find(A);
    keep(first, A, 'hello');
    const waiter = new Waiting();
    assert.equal(second.claim(A, waiter), 'waiting');
    assert.equal(waiter.said, 'again');
    assert.equal(found(second, A), 'hello');
  });

  test('that turns out too large to be kept goes on for those who have joined', async () => {
    const [first, second] = threads(800_000);
    const flight = first.claim(A, new Waiting()) as Flight;
    const waiter = new Waiting();
    second.claim(A, waiter);
    const filling = flight.fill(A, storedMeta(A), -1);
    const own = new TakingReader();
    filling.read(own);
    const piece = Buffer.alloc(10_000, 'abcdefghij');
    for (let index = 0; index < 20; index += 1) {
      filling.write(piece);
      await turn();
    }
    assert.equal(filling.isKept, false);
    assert.equal(typeof second.claim(A, new Waiting()), 'object');
    filling.end();
    await turn();
    assert.deepEqual([waiter.reader.state, waiter.reader.text], ['ended', 'abcdefghij'.repeat(20_000)]);
    assert.equal(own.text, waiter.reader.text);
    assert.equal(found(second, A), null);
    assert.ok(first.stats.bytes < 30_000, `${first.stats.bytes}`);
  });
});

test('what comes after a reader of another thread has left is not taken for what came before', async () => {
  const [first, second] = threads(800_000);
  const flight = first.claim(A, new Waiting()) as Flight;
  const waiter = new Waiting();
  second.claim(A, waiter);
  const filling = flight.fill(A, storedMeta(A), -1);
  await turn();
  const own = new TakingReader();
  const reading = filling.read(own)!;
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251));
  for (let at = 0; at < body.length; at += 10_000) {
    if (at === 160_000) waiter.reading!.cancel();
    if (at === 200_000) own.pieces = 1;
    filling.write(body, at, at + 10_000);
    await turn();
  }
  own.pieces = Infinity;
  reading.resume();
  filling.end();
  assert.equal(own.state, 'ended');
  assert.ok(Buffer.concat(own.parts).equals(body));

  for (const hasBegun of [false, true]) {
    test(`is not joined after a purge, ${hasBegun ? 'once' : 'before'} its answer has begun; who reads it reads on`, async () => {
      const [first, second] = threads();
      const flight = first.claim(A, new Waiting()) as Flight;
      const [here, early] = [new Waiting(), new Waiting()];
      first.claim(A, here);
      second.claim(A, early);
      const begun = hasBegun ? flight.fill(A, storedMeta(A), -1) : null;
      begun?.write(Buffer.from('old '));
      await turn();
      first.purge({ kind: 'url', url: A });
      const next = second.claimFree(A) as Flight;
      assert.equal(typeof next, 'object');
      const [lateHere, lateThere] = [new Waiting(), new Waiting()];
      assert.equal(first.claim(A, lateHere), 'waiting');
      assert.equal(second.claim(A, lateThere), 'waiting');
      const filling = begun ?? flight.fill(A, storedMeta(A), -1);
      filling.write(Buffer.from('answer'));
      filling.end();
      await turn();
      const fresh = next.fill(A, storedMeta(A), -1);
      fresh.write(Buffer.from('new'));
      await turn();
      fresh.end();
      await turn();
      const texts = [here, early, lateHere, lateThere].map(({ reader }) => [reader.text, reader.state]);
      const old = hasBegun ? 'old answer' : 'answer';
      // Who had not been given anything yet may as well have the newer one.
      const own = hasBegun ? old : 'new';
      assert.deepEqual(texts, [
        [old, 'ended'],
        [own, 'ended'],
        ['new', 'ended'],
        ['new', 'ended'],
      ]);
      assert.deepEqual([found(first, A), found(second, A)], ['new', 'new']);
      assert.equal(typeof first.claimFree(A), 'object');
    });
  }

  test('that a purge has overtaken on its own thread leaves its place to the next', async () => {
    const [first, second] = threads();
    const flight = first.claim(A, new Waiting()) as Flight;
    const [early, late] = [new Waiting(), new Waiting()];
    second.claim(A, early);
    const filling = flight.fill(A, storedMeta(A), -1);
    filling.write(Buffer.from('old '));
    await turn();
    second.purge({ kind: 'all' });
    const next = first.claim(A, new Waiting()) as Flight;
    assert.equal(second.claim(A, late), 'waiting');
    filling.write(Buffer.from('answer'));
    filling.end();
    await turn();
    assert.deepEqual([early.reader.text, early.reader.state, late.said], ['old answer', 'ended', '']);
    next.fill(A, storedMeta(A), 0).end();
    await turn();
    assert.ok(late.said === 'joined' || late.said === 'again');
  });
});
