import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, keep, storeCore, storedMeta } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';

test('a tag knows those that carry it, until they leave', () => {
  const { tags, arena } = storeCore().memory;
  const many = Array.from({ length: 40 }, (_, index) => `tag-${index}`);
  const [first, second] = [arena.take(tags.bytesFor(40)), arena.take(tags.bytesFor(1))];
  tags.add(1, first, many);
  tags.add(2, second, ['tag-39']);
  assert.deepEqual(tags.with('tag-39'), [2, 1]);
  assert.deepEqual(tags.with('tag-0'), [1]);
  assert.deepEqual(tags.with('tag-40'), []);
  tags.remove(first);
  assert.deepEqual(tags.with('tag-39'), [2]);
  tags.remove(second);
  assert.ok([...many].every((tag) => tags.with(tag).length === 0));
});

test('an answer that was cut leaves no tag behind, by which others would be written over', () => {
  const store = new CacheStore({ maxBytes: 1_000_000 });
  for (let round = 0; round < 3; round += 1) {
    store.fill('http://a.test/', storedMeta('http://a.test/', { tags: ['one'] }), 9).abort();
    keep(store, 'http://a.test/two', 'x'.repeat(100), { tags: ['one'] });
    assert.equal(found(store, 'http://a.test/two'), 'x'.repeat(100));
  }
  assert.equal(store.purge({ kind: 'tag', tag: 'one' }), 1);
});
