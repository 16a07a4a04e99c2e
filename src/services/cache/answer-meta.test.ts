import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageMs, answerFlags, isFresh, uselessAtMs, type AnswerMeta } from './answer-meta.ts';

const meta: AnswerMeta = {
  url: 'http://a.test/x?y',
  host: 'a.test',
  route: 'web',
  status: 200,
  fields: [['Content-Type', 'text/plain']],
  varyNames: [],
  varyKey: '',
  tags: ['t'],
  bornAtMs: 1_000_000,
  checkedAtMs: 1_002_000,
  lifetimeMs: 60_000,
  staleWhileAskingMs: 10_000,
  staleOnErrorMs: 30_000,
  flags: 0,
  etag: '"1"',
  lastModified: '',
};

test('an answer is fresh while it is younger than its lifetime', () => {
  assert.equal(isFresh(meta, 1_059_999), true);
  assert.equal(isFresh(meta, 1_060_000), false);
});

test('an answer that was purged softly is not fresh', () => {
  assert.equal(isFresh({ ...meta, flags: answerFlags.purged }, 1_002_000), false);
});

test('an answer is never younger than nothing, whatever the clock does', () => {
  assert.equal(ageMs(meta, 0), 0);
  assert.equal(ageMs(meta, 1_005_000), 5_000);
});

test('an answer is of no use when it may not even be given stale', () => {
  assert.equal(uselessAtMs(meta), 1_090_000);
});

test('what is known of an answer survives JSON', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(meta)), meta);
});
