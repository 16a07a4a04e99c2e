import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { found, storedMeta, TakingReader } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';
import type { Filling } from './filling.ts';

const A = 'http://a.test/one';

function begin(bodyLength = -1, maxBytes = 1_000_000): { store: CacheStore; filling: Filling } {
  const store = new CacheStore({ maxBytes });
  return { store, filling: store.fill(A, storedMeta(A), bodyLength) };
}

describe('a filling', () => {
  test('is read from its first byte on, by each at its own pace, while it comes', () => {
    const { store, filling } = begin();
    const [fast, slow] = [new TakingReader(), new TakingReader()];
    slow.pieces = 1;
    filling.read(fast);
    const reading = filling.read(slow);
    for (const piece of ['one ', 'two ', 'three']) assert.equal(filling.write(Buffer.from(piece)), true);
    const late = new TakingReader();
    filling.read(late);
    assert.deepEqual([fast.text, slow.text, late.text], ['one two three', 'one ', 'one two three']);
    filling.end([['X-Sum', '1']]);
    assert.deepEqual([fast.state, slow.state, late.state], ['ended', 'reading', 'ended']);
    assert.deepEqual(fast.trailers, [['X-Sum', '1']]);
    slow.pieces = Infinity;
    reading!.resume();
    assert.deepEqual([slow.text, slow.state], ['one two three', 'ended']);
    assert.equal(found(store, A), 'one two three');
    assert.deepEqual(store.find(A)[0]!.trailers, [['X-Sum', '1']]);
  });

  test('that is cut cuts its readers, and gives back its memory', () => {
    const { store, filling } = begin(10);
    const reader = new TakingReader();
    filling.read(reader);
    const gone = filling.read(new TakingReader());
    gone!.cancel();
    filling.write(Buffer.from('hello'));
    filling.abort();
    assert.deepEqual([reader.text, reader.state], ['hello', 'failed']);
    assert.equal(filling.readers, 0);
    assert.equal(store.purge({ kind: 'all' }), 0);
  });

  test('that turns out too large goes on to its readers and is not kept', () => {
    const { store, filling } = begin(-1, 800_000);
    const [fast, slow] = [new TakingReader(), new TakingReader()];
    slow.pieces = 3;
    filling.read(fast);
    const reading = filling.read(slow)!;
    const piece = Buffer.alloc(10_000, 'abcdefghij');
    let wasHeld = false;
    for (let index = 0; index < 30; index += 1) wasHeld = !filling.write(piece) || wasHeld;
    assert.equal(filling.isKept, false);
    assert.equal(filling.read(new TakingReader()), null);
    assert.equal(fast.length, 300_000);
    slow.pieces = Infinity;
    reading.resume();
    filling.write(piece);
    filling.end();
    assert.deepEqual([fast.state, slow.state], ['ended', 'ended']);
    assert.deepEqual([fast.length, slow.length, wasHeld], [310_000, 310_000, false]);
    assert.equal(slow.text, 'abcdefghij'.repeat(31_000));
    assert.equal(found(store, A), null);
    assert.ok(store.stats.bytes < 20_000, `${store.stats.bytes}`);
  });

  test('that is not kept goes no faster than its only reader', () => {
    const { filling } = begin(500_000);
    const reader = new TakingReader();
    const reading = filling.read(reader)!;
    let drained = 0;
    filling.onDrain = () => (drained += 1);
    const piece = Buffer.alloc(1000);
    assert.equal(filling.write(piece), true);
    reader.pieces = 1;
    assert.equal(filling.write(piece), false);
    assert.equal(filling.write(piece), false);
    assert.deepEqual([reader.length, drained], [2000, 0]);
    reader.pieces = Infinity;
    reading.resume();
    assert.deepEqual([reader.length, drained], [3000, 1]);
    reading.cancel();
    assert.equal(filling.write(piece), true);
  });

  test('waits for a reader that is far behind what is not kept, and lets it go when it takes nothing', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { filling } = begin(-1, 24_000_000);
    const [fast, slow] = [new TakingReader(), new TakingReader()];
    slow.pieces = 1;
    filling.read(fast);
    filling.read(slow);
    let drained = 0;
    filling.onDrain = () => (drained += 1);
    const piece = Buffer.alloc(100_000);
    let pieces = 0;
    while (filling.write(piece)) pieces += 1;
    assert.ok(pieces >= 28 && pieces < 45, `${pieces}`);
    t.mock.timers.tick(10_000);
    assert.deepEqual([fast.state, slow.state, drained], ['reading', 'failed', 1]);
    assert.equal(filling.write(piece), true);
  });
});
