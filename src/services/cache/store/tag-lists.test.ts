import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeCore } from '../../../../test/support/cache-store.ts';

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
