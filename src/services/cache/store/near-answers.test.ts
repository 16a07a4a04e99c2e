import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keep } from '../../../../test/support/cache-store.ts';
import { CacheStore } from './cache-store.ts';
import { NearAnswers } from './near-answers.ts';

test('what is remembered holds until its bucket changes, and takes no more than it may', () => {
  const store = new CacheStore({ maxBytes: 1_000_000 });
  keep(store, 'http://a.test/', 'hello');
  const answers = store.find('http://a.test/');
  const versions = new Int32Array(new SharedArrayBuffer(8));
  const near = new NearAnswers(40_000);
  const place = { bucket: 1, version: 0 };
  near.put('a', place, answers);
  assert.equal(near.find('a', versions), answers);
  for (let index = 0; index < 18; index += 1) near.put(`${index}`, place, answers);
  assert.ok(near.bytes <= 40_000);
  assert.equal(near.find('0', versions), undefined);
  assert.equal(near.find('a', versions), answers);
  versions[1] = 1;
  assert.equal(near.find('a', versions), undefined);
  near.bound(0);
  assert.equal(near.bytes, 0);
});
