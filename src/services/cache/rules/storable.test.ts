import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { FieldList } from './field-reader.ts';
import { answerToStore, tagsOf, type Answered, type StoreRules } from './storable.ts';

const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);
const RULES: StoreRules = {
  defaultTtlMs: 300_000,
  statusTtlMs: new Map([[503, 1000]]),
  heuristic: null,
  staleWhileAskingMs: 0,
  staleOnErrorMs: 0,
  setCookie: 'keep',
};
interface Case extends Partial<Omit<Answered, 'request' | 'response'>> {
  readonly request?: readonly FieldLine[];
  readonly rules?: Partial<StoreRules>;
}

function store(response: readonly FieldLine[], { request = [], rules, ...rest }: Case = {}): AnswerMeta | string {
  const answered: Answered = {
    method: 'GET',
    url: 'http://a.test/x',
    host: 'a.test',
    route: 'web',
    status: 200,
    requestedAtMs: NOW,
    respondedAtMs: NOW,
    request: new FieldList(request),
    response: new FieldList(response),
    ...rest,
  };
  return answerToStore(answered, { ...RULES, ...rules });
}

function kept(response: readonly FieldLine[], given: Case = {}): AnswerMeta {
  const meta = store(response, given);
  assert.ok(typeof meta === 'object', `not kept: ${JSON.stringify(meta)}`);
  return meta;
}

const FRESH: FieldLine = ['Cache-Control', 'max-age=60'];

test('an answer is kept with what it is found, purged and asked about by', () => {
  const meta = kept([FRESH, ['ETag', '"1"'], ['Vary', 'B, a'], ['Surrogate-Key', 'x y'], ['Age', '5']], {
    request: [['A', '1']],
  });
  assert.deepEqual(
    [meta.url, meta.etag, meta.varyNames, meta.varyKey, meta.tags, meta.lifetimeMs, NOW - meta.bornAtMs],
    ['http://a.test/x', '"1"', ['a', 'b'], 'a:=1\nb:-', ['x', 'y'], 60_000, 5000],
  );
});

test('an answer that is for one person, or for nobody, is not kept', () => {
  assert.equal(store([['Cache-Control', 'no-store, max-age=60']]), 'no-store');
  assert.equal(store([['Cache-Control', 'private, max-age=60']]), 'private');
  assert.equal(store([FRESH, ['Vary', '*']]), 'vary');
  assert.equal(store([FRESH], { request: [['Cache-Control', 'no-store']] }), 'no-store');
});

test('an answer to somebody who has proved who they are is kept only when it says so', () => {
  const request: FieldLine[] = [['Authorization', 'Bearer x']];
  assert.equal(store([FRESH], { request }), 'authorization');
  for (const text of ['public, max-age=60', 'must-revalidate, max-age=60', 's-maxage=60'])
    kept([['Cache-Control', text]], { request });
  assert.equal(store([['Cache-Control', 'proxy-revalidate, max-age=60']], { request }), 'authorization');
});

test('a lifetime is guessed for nobody who may be known by a cookie', () => {
  const request: FieldLine[] = [['Cookie', 'a=1']];
  assert.equal(store([], { request }), 'cookie');
  kept([['Vary', 'Cookie']], { request });
  kept([FRESH], { request });
  assert.equal(store([['Set-Cookie', 'a=1']]), 'set-cookie');
  kept([['Set-Cookie', 'a=1'], FRESH]);
});

test('cookies that an answer sets are kept, left out or a reason not to keep it', () => {
  const response: FieldLine[] = [FRESH, ['Set-Cookie', 'a=1']];
  assert.equal(kept(response).fields.length, 2);
  assert.deepEqual(kept(response, { rules: { setCookie: 'strip' } }).fields, [FRESH]);
  assert.equal(store(response, { rules: { setCookie: 'refuse' } }), 'set-cookie');
});

test('any final status is kept that says for how long, but for those of one client', () => {
  for (const status of [200, 299, 302, 400, 404, 499, 500, 503, 599]) kept([FRESH], { status });
  for (const status of [304, 401, 407, 412, 416, 429, 431, 511])
    assert.equal(store([FRESH], { status }), 'status', String(status));
  assert.equal(store([FRESH], { status: 206 }), 'partial');
  assert.equal(store([], { status: 302 }), 'no-lifetime');
  assert.equal(kept([], { status: 503 }).lifetimeMs, 1000);
});

test('must-understand allows what no-store forbids, for statuses that we know', () => {
  const response: FieldLine[] = [['Cache-Control', 'max-age=60, no-store, must-understand']];
  kept(response);
  assert.equal(store(response, { status: 599 }), 'must-understand');
});

test('what can never be given without asking is kept only with something to ask by', () => {
  assert.equal(store([['Cache-Control', 'no-cache']]), 'no-lifetime');
  assert.equal(store([['Cache-Control', 'max-age=0']]), 'no-lifetime');
  kept([
    ['Cache-Control', 'no-cache'],
    ['ETag', '"1"'],
  ]);
  kept([
    ['Cache-Control', 'max-age=0'],
    ['Last-Modified', new Date(NOW).toUTCString()],
  ]);
});

test('an answer to POST is kept for GET when it says that it is one', () => {
  const says = (location: string): FieldLine[] => [FRESH, ['Content-Location', location]];
  kept(says('/x'), { method: 'POST' });
  kept(says('http://a.test/x'), { method: 'POST' });
  assert.equal(store(says('/y'), { method: 'POST' }), 'method');
  assert.equal(store([['Content-Location', '/x']], { method: 'POST' }), 'method');
  assert.equal(store([FRESH], { method: 'PUT' }), 'method');
});

test('fields of the connection and those that must be asked for are not kept', () => {
  const names = kept([
    ['Cache-Control', 'max-age=60, no-cache="x-a"'],
    ['Connection', 'X-B, close'],
    ['X-A', '1'],
    ['X-B', '2'],
    ['X-C', '3'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Authenticate', 'Basic'],
    ['Age', '1'],
  ]).fields.map(([name]) => name);
  assert.deepEqual(names, ['Cache-Control', 'X-C']);
});

test('tags are read in both ways of writing them, and have a bound', () => {
  assert.deepEqual(
    tagsOf(
      new FieldList([
        ['Cache-Tag', 'a, b'],
        ['Surrogate-Key', 'b  c'],
      ]),
    ),
    ['b', 'c', 'a'],
  );
  assert.equal(
    tagsOf(new FieldList([['Cache-Tag', Array.from({ length: 500 }, (_, at) => `t${at}`).join(',')]])).length,
    128,
  );
});
