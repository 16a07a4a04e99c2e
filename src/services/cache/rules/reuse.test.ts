import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerFlags, type AnswerMeta } from '../answer-meta.ts';
import { FieldList } from './field-reader.ts';
import { isFailure, judge, mayServeOnError, NO_WISHES, wishesOf, type Verdict } from './reuse.ts';

const META: AnswerMeta = {
  url: '',
  host: '',
  route: '',
  status: 200,
  fields: [],
  varyNames: [],
  varyKey: '',
  tags: [],
  bornAtMs: 0,
  checkedAtMs: 0,
  lifetimeMs: 60_000,
  staleWhileAskingMs: 10_000,
  staleOnErrorMs: 20_000,
  flags: 0,
  etag: '',
  lastModified: '',
};

const wish = (text: string, seconds: number, meta: Partial<AnswerMeta> = {}): Verdict =>
  judge({ ...META, ...meta }, wishesOf(new FieldList(text === '' ? [] : [['Cache-Control', text]])), seconds * 1000);

test('an answer is given while it is fresh, then while it is asked for, then only when the origin says so', () => {
  assert.deepEqual(
    [wish('', 59), wish('', 60), wish('', 69), wish('', 70)],
    ['fresh', 'ask-later', 'ask-later', 'ask'],
  );
});

test('an answer that must always be asked about is', () => {
  assert.equal(wish('', 1, { flags: answerFlags.alwaysAsk }), 'ask');
  assert.equal(wish('max-stale', 1, { flags: answerFlags.alwaysAsk }), 'ask');
});

test('a client gets no older answer than it wants', () => {
  assert.equal(wish('no-cache', 1), 'ask');
  assert.equal(wish('max-age=0', 1), 'ask');
  assert.equal(wish('max-age=10', 10), 'fresh');
  assert.equal(wish('max-age=10', 11), 'ask');
  assert.equal(wish('min-fresh=50', 10), 'fresh');
  assert.equal(wish('min-fresh=51', 10), 'ask');
  assert.equal(wish('max-age=100', 65), 'ask');
});

test('a client gets a stale answer when it wants one and the origin has not forbidden it', () => {
  assert.equal(wish('max-stale=100', 100), 'stale');
  assert.equal(wish('max-stale', 100_000), 'stale');
  assert.equal(wish('max-stale=10', 100), 'ask');
  assert.equal(wish('max-stale=100, min-fresh=1', 100), 'ask');
  assert.equal(wish('max-stale', 100, { flags: answerFlags.neverStale }), 'ask');
  assert.equal(wish('max-stale', 61, { flags: answerFlags.purged }), 'ask-later');
});

test('an answer that was purged softly is asked for meanwhile', () => {
  assert.equal(wish('', 30, { flags: answerFlags.purged, lifetimeMs: 25_000 }), 'ask-later');
});

test('Pragma counts where nothing else is said', () => {
  assert.equal(wishesOf(new FieldList([['Pragma', 'no-cache']])).noCache, true);
  assert.equal(wishesOf(new FieldList([['Pragma', 'x']])).noCache, false);
  assert.equal(
    wishesOf(
      new FieldList([
        ['Pragma', 'no-cache'],
        ['Cache-Control', 'max-age=5'],
      ]),
    ).noCache,
    false,
  );
  assert.equal(wishesOf(new FieldList([])), NO_WISHES);
});

test('an answer stands in for a failure as long as is allowed', () => {
  assert.deepEqual([mayServeOnError(META, 79_999), mayServeOnError(META, 80_000)], [true, false]);
  assert.deepEqual([500, 501, 502, 503, 504, 404].map(isFailure), [true, false, true, true, true, false]);
});
