import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, keep, storedMeta } from '../../../test/support/cache-store.ts';
import type { FieldLine } from '../../services/cache/answer-meta.ts';
import { answerFlags } from '../../services/cache/answer-meta.ts';
import { FieldList } from '../../services/cache/rules/field-reader.ts';
import { NO_WISHES } from '../../services/cache/rules/reuse.ts';
import type { StoreRules } from '../../services/cache/rules/storable.ts';
import { CacheStore } from '../../services/cache/store/cache-store.ts';
import type { Flight } from '../../services/cache/store/flights.ts';
import { beginFilling, takeHead, takeNotModified } from './origin-answer.ts';
import type { Turn } from './turn.ts';

const URL_ = 'http://site.test/';
const NOW = 1_000_000;
const RULES: StoreRules = {
  defaultTtlMs: 0,
  statusTtlMs: new Map(),
  heuristic: null,
  staleWhileAskingMs: 0,
  staleOnErrorMs: 0,
  setCookie: 'keep',
};

class TestFlight implements Flight {
  readonly key = URL_;
  readonly waiting = 0;
  ended = '';

  fill(): never {
    throw new Error('not meant');
  }

  release(): void {
    this.ended = 'released';
  }

  uncacheable(): void {
    this.ended = 'uncacheable';
  }

  failed(): void {
    this.ended = 'failed';
  }
}

interface Scene {
  readonly store: CacheStore;
  readonly settings: { store: CacheStore; rules: StoreRules; maxObjectBytes: number };
  readonly flight: TestFlight;
  readonly turn: Turn;
}

function scene(): Scene {
  const store = new CacheStore({ maxBytes: 1_000_000 });
  const flight = new TestFlight();
  const turn: Turn = {
    kind: 'safe',
    url: URL_,
    key: URL_,
    wishes: NO_WISHES,
    asked: new FieldList([]),
    hasCookie: false,
    hasAuthorization: false,
    wantsBody: true,
    fwd: 'stale',
    requestedAtMs: NOW,
    since: 0,
    kept: null,
    asksByIt: true,
    flight,
    flightKey: URL_,
    waiting: null,
    filling: null,
    copy: null,
    refusal: null,
    isOver: false,
  };
  return { store, settings: { store, rules: RULES, maxObjectBytes: 1000 }, flight, turn };
}

const said = (status: number, ...lines: FieldLine[]): { status: number; response: FieldList; nowMs: number } => ({
  status,
  response: new FieldList(lines),
  nowMs: NOW,
});

test('304 lets those that wait look again when it makes what is kept fresh', () => {
  const { store, settings, flight, turn } = scene();
  keep(store, URL_, 'x');
  const meta = takeNotModified(store.find(URL_)[0]!, turn, said(304, ['Cache-Control', 'max-age=9']), settings);
  assert.deepEqual([meta.lifetimeMs, flight.ended, turn.flight], [9000, 'released', null]);
  assert.equal(store.find(URL_)[0]?.meta.lifetimeMs, 9000);
});

test('304 that leaves it stale lets nobody wait, and one of another version drops it', () => {
  const { store, settings, flight, turn } = scene();
  keep(store, URL_, 'x');
  takeNotModified(store.find(URL_)[0]!, turn, said(304, ['Cache-Control', 'max-age=0']), settings);
  assert.deepEqual([flight.ended, found(store, URL_)], ['uncacheable', 'x']);
  takeNotModified(store.find(URL_)[0]!, turn, said(304, ['ETag', '"other"']), settings);
  assert.equal(found(store, URL_), null);
});

test('an answer to HEAD that speaks of another version drops what is kept, and a failure does not', () => {
  const { store, settings, turn } = scene();
  keep(store, URL_, 'x');
  takeHead(store.find(URL_)[0]!, turn, said(503), settings);
  assert.equal(found(store, URL_), 'x');
  takeHead(store.find(URL_)[0]!, turn, said(200, ['ETag', '"one"'], ['X', '1']), settings);
  assert.ok(store.find(URL_)[0]?.meta.fields.some(([name]) => name === 'X'));
  takeHead(store.find(URL_)[0]!, turn, said(200, ['ETag', '"two"']), settings);
  assert.equal(found(store, URL_), null);
});

test('an answer that cannot be shared ends the wait, kept or not', () => {
  const answered = (value: string): Parameters<typeof beginFilling>[0] => ({
    method: 'GET',
    url: URL_,
    host: 'site.test',
    route: 'web',
    request: new FieldList([]),
    status: 200,
    response: new FieldList([
      ['Cache-Control', value],
      ['ETag', '"1"'],
    ]),
    requestedAtMs: NOW,
    respondedAtMs: NOW,
  });
  const never = scene();
  assert.equal(beginFilling(answered('no-store'), never.turn, -1, never.settings), null);
  assert.deepEqual([never.flight.ended, never.turn.refusal], ['uncacheable', 'no-store']);
  const asking = scene();
  const filling = beginFilling(answered('no-cache'), asking.turn, -1, asking.settings);
  assert.deepEqual([filling?.isKept, asking.flight.ended], [true, 'uncacheable']);
  assert.equal(storedMeta(URL_).route, 'site');
});

test('what was asked for before a purge is not kept after it, and 304 does not make up for a soft purge', () => {
  const soft = scene();
  keep(soft.store, URL_, 'x');
  soft.store.purge({ kind: 'url', url: URL_ }, true);
  takeNotModified(soft.store.find(URL_)[0]!, soft.turn, said(304, ['Cache-Control', 'max-age=9']), soft.settings);
  assert.equal(soft.store.find(URL_)[0]?.meta.flags, answerFlags.purged);
  soft.turn.since = soft.store.purgeClock;
  takeNotModified(soft.store.find(URL_)[0]!, soft.turn, said(304, ['Cache-Control', 'max-age=9']), soft.settings);
  assert.equal(soft.store.find(URL_)[0]?.meta.flags, 0);
  const alone = scene();
  alone.turn.flight = null;
  alone.store.purge({ kind: 'url', url: URL_ });
  const filling = beginFilling(
    {
      method: 'GET',
      url: URL_,
      host: 'site.test',
      route: 'web',
      request: new FieldList([]),
      status: 200,
      response: new FieldList([['Cache-Control', 'max-age=9']]),
      requestedAtMs: NOW,
      respondedAtMs: NOW,
    },
    alone.turn,
    0,
    alone.settings,
  );
  filling?.end();
  assert.equal(found(alone.store, URL_), null);
});
