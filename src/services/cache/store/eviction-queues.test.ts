// Hit ratios of the store's eviction against those of LRU, on the loads that tell them apart. Seeded: the same every time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';

function* random(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    yield (state >>> 0) / 2 ** 32;
  }
}

function zipf(count: number, power: number, seed: number): () => number {
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) sums.push((sum += rank ** -power));
  const dice = random(seed);
  return () => {
    const wanted = dice.next().value * sum;
    let [from, to] = [0, count - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sums[middle]! < wanted) from = middle + 1;
      else to = middle;
    }
    return from;
  };
}

/** How many of the requests for these are hits in a store for about 500 answers, and in a list of as many by LRU as the store has then. */
function hitRatios(keys: readonly number[]): { ours: number; lru: number } {
  const store = new CacheStore({ maxBytes: 700_000 });
  let ours = 0;
  for (const key of keys) {
    const url = `http://a.test/${key}`;
    const [answer] = store.find(url);
    if (answer === undefined) keep(store, url, 'x'.repeat(800));
    else store.hit(answer);
    if (answer !== undefined) ours += 1;
  }
  const list = new Map<number, true>();
  let lru = 0;
  for (const key of keys) {
    if (list.delete(key)) lru += 1;
    list.set(key, true);
    if (list.size > store.stats.entries) list.delete(list.keys().next().value!);
  }
  return { ours: ours / keys.length, lru: lru / keys.length };
}

test('hits more than LRU where some are asked for more than others, and much more when somebody goes through everything', (t) => {
  const popular = zipf(10_000, 0.9, 1);
  const plain = Array.from({ length: 40_000 }, popular);
  const scanned = plain.flatMap((key, index) => (index % 2000 < 1000 ? [key, 1_000_000 + index] : [key]));
  const onZipf = hitRatios(plain);
  const onScans = hitRatios(scanned);
  t.diagnostic(
    `zipf: ${onZipf.ours.toFixed(3)} against ${onZipf.lru.toFixed(3)}; with scans: ${onScans.ours.toFixed(3)} against ${onScans.lru.toFixed(3)}`,
  );
  assert.ok(onZipf.ours > onZipf.lru * 1.1, `${onZipf.ours} ${onZipf.lru}`);
  assert.ok(onScans.ours > onScans.lru * 1.15, `${onScans.ours} ${onScans.lru}`);
});
