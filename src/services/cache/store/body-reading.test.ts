import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep, TakingReader } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';

const A = 'http://a.test/one';

test('a reader that pauses within a body goes on where it was, and one that is gone gets nothing more', () => {
  const store = new CacheStore({ maxBytes: 4_000_000 });
  const body = Buffer.from(Array.from({ length: 150_000 }, (_, index) => 97 + (index % 23)));
  keep(store, A, body);
  const [answer] = store.find(A);
  const [slow, gone] = [new TakingReader(), new TakingReader()];
  slow.pieces = 1;
  gone.pieces = 1;
  const reading = store.open(answer!, slow)!;
  const other = store.open(answer!, gone)!;
  assert.ok(slow.length > 0 && slow.length < body.length);
  other.cancel();
  other.resume();
  assert.equal(gone.state, 'reading');
  slow.pieces = Infinity;
  reading.resume();
  reading.resume();
  assert.equal(slow.state, 'ended');
  assert.equal(slow.text, body.toString());
});

test('of an empty body there is only the end', () => {
  const store = new CacheStore({ maxBytes: 1_000_000 });
  keep(store, A, '');
  const reader = new TakingReader();
  store.open(store.find(A)[0]!, reader);
  assert.deepEqual([reader.text, reader.state], ['', 'ended']);
});
