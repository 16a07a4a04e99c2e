import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { FieldList } from './field-reader.ts';
import type { StoreRules } from './storable.ts';
import { headSpeaksOf, refreshed, speaksOf } from './update.ts';

const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);
const RULES: StoreRules = {
  defaultTtlMs: 0,
  statusTtlMs: new Map(),
  heuristic: null,
  staleWhileAskingMs: 0,
  staleOnErrorMs: 0,
  setCookie: 'keep',
};
const META: AnswerMeta = {
  url: 'http://a.test/',
  host: 'a.test',
  route: 'web',
  status: 200,
  fields: [
    ['Cache-Control', 'max-age=2'],
    ['Content-Length', '36'],
    ['Content-Encoding', 'gzip'],
    ['X-A', '1'],
    ['X-B', '1'],
    ['ETag', '"a"'],
  ],
  varyNames: ['x'],
  varyKey: 'x:-',
  tags: [],
  bornAtMs: NOW - 9000,
  checkedAtMs: NOW - 9000,
  lifetimeMs: 2000,
  staleWhileAskingMs: 0,
  staleOnErrorMs: 0,
  flags: 0,
  etag: '"a"',
  lastModified: '',
};

function by(response: readonly FieldLine[], request: readonly FieldLine[] = []): { meta: AnswerMeta; isKept: boolean } {
  const fields = { request: new FieldList(request), response: new FieldList(response) };
  return refreshed(META, { ...fields, requestedAtMs: NOW, respondedAtMs: NOW }, RULES);
}

test('fields are replaced by name, and what the origin does not repeat stays', () => {
  const { meta, isKept } = by([
    ['x-a', '2'],
    ['X-A', '3'],
    ['Cache-Control', 'max-age=100'],
    ['Connection', 'close'],
  ]);
  const fields = new FieldList(meta.fields);
  assert.deepEqual([fields.getAll('x-a'), fields.getAll('x-b'), fields.getAll('connection')], [['2', '3'], ['1'], []]);
  assert.deepEqual([meta.lifetimeMs, meta.bornAtMs, meta.checkedAtMs, isKept], [100_000, NOW, NOW, true]);
  assert.deepEqual([meta.varyKey, meta.etag], ['x:-', '"a"']);
});

test('what says how the stored body is written stays as it is', () => {
  const fields = new FieldList(
    by([
      ['Content-Length', '10'],
      ['Content-Encoding', 'br'],
      ['Content-Range', 'x'],
    ]).meta.fields,
  );
  assert.deepEqual(
    [fields.getAll('content-length'), fields.getAll('content-encoding'), fields.getAll('content-range')],
    [['36'], ['gzip'], []],
  );
});

test('the lifetime that was said before holds again when none is said', () => {
  assert.equal(by([]).meta.lifetimeMs, 2000);
});

test('an answer counts its age anew, from what the origin says', () => {
  assert.equal(by([['Age', '1']]).meta.bornAtMs, NOW - 1000);
});

test('an answer that must not be kept any longer is not', () => {
  assert.equal(by([['Cache-Control', 'no-store']]).isKept, false);
  assert.equal(by([['Cache-Control', 'private']]).isKept, false);
  assert.equal(by([], [['Cache-Control', 'no-store']]).isKept, false);
});

test('304 speaks of what is stored unless it names another tag', () => {
  assert.equal(speaksOf(META, new FieldList([['ETag', '"b"']])), false);
  assert.equal(speaksOf(META, new FieldList([['ETag', 'W/"a"']])), true);
  assert.equal(speaksOf(META, new FieldList([])), true);
});

test('an answer to HEAD speaks of what is stored when nothing contradicts it', () => {
  assert.equal(
    headSpeaksOf(
      META,
      200,
      new FieldList([
        ['Content-Length', '36'],
        ['X-A', '2'],
      ]),
    ),
    true,
  );
  assert.equal(headSpeaksOf(META, 200, new FieldList([['Content-Length', '37']])), false);
  assert.equal(headSpeaksOf(META, 200, new FieldList([['ETag', '"b"']])), false);
  assert.equal(headSpeaksOf(META, 410, new FieldList([])), false);
});
