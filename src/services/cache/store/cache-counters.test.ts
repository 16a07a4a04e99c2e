import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheCounters } from './cache-counters.ts';
import { createStoreMemory, openStoreMemory } from './store-memory.ts';

test('what threads count is added up by the names of the routes', () => {
  const memory = createStoreMemory(100_000, 2);
  const first = new CacheCounters(memory, 0);
  const second = new CacheCounters(openStoreMemory(memory.buffer), 1);
  const long = `${'x'.repeat(80)}-1`;
  for (const counters of [first, second]) {
    counters.hit(counters.idOf('site'), 10);
    counters.purged(counters.idOf(long), 3);
    counters.missed(counters.idOf(''));
  }
  assert.notEqual(first.idOf(long), first.idOf(`${'x'.repeat(80)}-2`));
  assert.equal(first.known('site'), second.idOf('site'));
  const site = second.byRoute().find(({ route }) => route === 'site')!;
  assert.deepEqual([site.hits, site.servedBytes, site.misses], [2, 20, 0]);
  const others = first.byRoute().map(({ route, misses, purged }) => [route.slice(0, 2), misses, purged]);
  assert.ok(others.some(([name, misses]) => name === '-' && misses === 2));
  assert.ok(others.some(([name, , purged]) => name === 'xx' && purged === 6));
});
