import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { clientHasIt, conditionsFor, fieldsToAskBy, isForOriginAlone, rangeIsWanted } from './conditions.ts';
import { FieldList } from './field-reader.ts';

const MODIFIED = 'Wed, 01 Jan 2020 00:00:00 GMT';
const LATER = 'Wed, 01 Jan 2020 00:00:10 GMT';
const EARLIER = 'Tue, 31 Dec 2019 23:59:50 GMT';
const NOW = Date.UTC(2026, 0, 1);
const META: AnswerMeta = {
  url: '',
  host: '',
  route: '',
  status: 200,
  fields: [['Date', LATER]],
  varyNames: [],
  varyKey: '',
  tags: [],
  bornAtMs: NOW,
  checkedAtMs: NOW,
  lifetimeMs: 60_000,
  staleWhileAskingMs: 0,
  staleOnErrorMs: 0,
  flags: 0,
  etag: '"a"',
  lastModified: MODIFIED,
};

const has = (lines: readonly FieldLine[], meta: Partial<AnswerMeta> = {}): boolean =>
  clientHasIt({ ...META, ...meta }, new FieldList(lines), NOW);

test('a client that names the tag has the answer, however weakly', () => {
  assert.equal(has([['If-None-Match', '"a"']]), true);
  assert.equal(has([['If-None-Match', '"x", W/"a" ,"y"']]), true);
  assert.equal(
    has([
      ['If-None-Match', '"x"'],
      ['If-None-Match', '"a"'],
    ]),
    true,
  );
  assert.equal(has([['If-None-Match', '*']]), true);
  assert.equal(has([['If-None-Match', '"b", "a']]), false);
  assert.equal(has([['If-None-Match', '"a"']], { etag: 'W/"a"' }), true);
  assert.equal(has([['If-None-Match', '"a"']], { etag: '' }), false);
});

test('a tag goes before a date', () => {
  assert.equal(
    has([
      ['If-None-Match', '"b"'],
      ['If-Modified-Since', LATER],
    ]),
    false,
  );
  assert.equal(
    has([
      ['If-None-Match', '"a"'],
      ['If-Modified-Since', EARLIER],
    ]),
    true,
  );
});

test('a client that has it since it was changed has the answer', () => {
  assert.equal(has([['If-Modified-Since', MODIFIED]]), true);
  assert.equal(has([['If-Modified-Since', 'Wednesday, 01-Jan-20 00:00:00 GMT']]), true);
  assert.equal(has([['If-Modified-Since', LATER]]), true);
  assert.equal(has([['If-Modified-Since', EARLIER]]), false);
  assert.equal(has([['If-Modified-Since', 'yesterday']]), false);
  assert.equal(
    has([
      ['If-Modified-Since', LATER],
      ['If-Modified-Since', LATER],
    ]),
    false,
  );
  assert.equal(has([['If-Modified-Since', MODIFIED]], { lastModified: '' }), false);
  assert.equal(has([['If-Modified-Since', LATER]], { lastModified: '' }), true);
  assert.equal(has([]), false);
});

test('only a good answer is one that a client may have', () => {
  assert.equal(has([['If-None-Match', '"a"']], { status: 404 }), false);
});

test('an origin is asked by what is stored, and not by what the client has', () => {
  const request = new FieldList([
    ['Accept', '*/*'],
    ['if-none-match', '"client"'],
    ['Range', 'bytes=0-1'],
  ]);
  assert.deepEqual(fieldsToAskBy(request, META), [
    ['Accept', '*/*'],
    ['If-None-Match', '"a"'],
    ['If-Modified-Since', MODIFIED],
  ]);
  assert.deepEqual(conditionsFor({ ...META, etag: '', lastModified: '' }), []);
});

test('some conditions are for the origin alone', () => {
  assert.equal(isForOriginAlone(new FieldList([['If-Match', '"a"']])), true);
  assert.equal(isForOriginAlone(new FieldList([['If-Unmodified-Since', MODIFIED]])), true);
  assert.equal(isForOriginAlone(new FieldList([['If-None-Match', '"a"']])), false);
});

test('a part is given only of exactly what the client has the rest of', () => {
  const wanted = (value: string, meta: Partial<AnswerMeta> = {}): boolean =>
    rangeIsWanted({ ...META, ...meta }, new FieldList([['If-Range', value]]), NOW);
  assert.equal(wanted('"a"'), true);
  assert.equal(wanted('"b"'), false);
  assert.equal(wanted('W/"a"', { etag: 'W/"a"' }), false);
  assert.equal(wanted(MODIFIED), true);
  assert.equal(wanted(LATER), false);
  assert.equal(wanted(MODIFIED, { fields: [['Date', MODIFIED]] }), false);
  assert.equal(wanted('x'), false);
  assert.equal(rangeIsWanted(META, new FieldList([]), NOW), true);
});
