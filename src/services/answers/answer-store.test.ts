import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AnswerStore, type KeptAnswer } from './answer-store.ts';

function answer(size: number, keptAtMs = 0): KeptAnswer {
  return { fields: [], body: new Uint8Array(size), isStream: false, keptAtMs, model: '', used: null };
}

describe('a store of answers', () => {
  test('gives what is young enough, and lets go what was not asked for longest', () => {
    const store = new AnswerStore(16_000);
    for (let i = 0; i < 12; i += 1) {
      store.put(`key-${i}`, answer(1000));
      assert.notEqual(store.find('key-0', 1, 0), null);
    }
    assert.equal(store.find('key-1', 1, 0), null);
    assert.notEqual(store.find('key-11', 1, 0), null);
    assert.equal(store.find('key-11', 5, 5), null);
    assert.ok(store.bytes <= 16_000);
  });

  test('keeps no answer that takes more than an eighth of it, and not the one that was there before', () => {
    const store = new AnswerStore(80_000);
    store.put('key', answer(1000));
    store.put('key', answer(10_000));
    assert.deepEqual([store.count, store.bytes, store.mostOfOne], [0, 0, 10_000]);
  });

  test('holds room for what is on its way, which counts', () => {
    const store = new AnswerStore(16_000);
    for (let i = 0; i < 8; i += 1) store.put(`key-${i}`, answer(1000));
    assert.equal(store.reserve(15_000), true);
    assert.equal(store.count, 0);
    assert.equal(store.reserve(1_001), false);
    store.put('key', answer(1000));
    assert.equal(store.count, 0);
    store.release(15_000);
    assert.equal(store.bytes, 0);
  });

  test('forgets what is old, and what is too much for a smaller bound, and tells that it did', () => {
    const told: number[] = [];
    const store: AnswerStore = new AnswerStore(80_000, () => told.push(store.count));
    for (const at of [1, 2, 3]) store.put(`key-${at}`, answer(1000, at));
    store.forgetBefore(2);
    assert.equal(store.count, 2);
    store.bound(2000);
    assert.deepEqual([store.count, store.find('key-2', 9, 3)], [1, null]);
    assert.deepEqual(told, [1, 2, 3, 2, 1]);
  });
});
