import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerFlags, type FieldLine } from '../answer-meta.ts';
import { FieldList } from './field-reader.ts';
import { bornAtMs, freshnessOf, type Freshness, type FreshnessDefaults } from './freshness.ts';

const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);
const DEFAULTS: FreshnessDefaults = {
  defaultTtlMs: 300_000,
  statusTtlMs: new Map([[404, 10_000]]),
  heuristic: null,
  staleWhileAskingMs: 7000,
  staleOnErrorMs: 9000,
};
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toUTCString();

function fresh(lines: readonly FieldLine[], status = 200, defaults = DEFAULTS): Freshness | null {
  return freshnessOf({ status, fields: new FieldList(lines), respondedAtMs: NOW }, true, defaults);
}

const lifetime = (lines: readonly FieldLine[], status = 200, defaults = DEFAULTS): number | undefined =>
  fresh(lines, status, defaults)?.lifetimeMs;

test('s-maxage goes before max-age, and that before Expires', () => {
  assert.equal(lifetime([['Cache-Control', 'max-age=1, s-maxage=3600']]), 3_600_000);
  assert.equal(
    lifetime([
      ['Cache-Control', 's-maxage=1'],
      ['Cache-Control', 'max-age=3600'],
    ]),
    1000,
  );
  assert.equal(
    lifetime([
      ['Cache-Control', 'max-age=5'],
      ['Expires', at(3600)],
    ]),
    5000,
  );
  assert.equal(
    lifetime([
      ['Cache-Control', 'max-age=0'],
      ['Expires', at(3600)],
    ]),
    0,
  );
});

test('Expires counts from Date, and from the arrival without one that counts', () => {
  assert.equal(
    lifetime([
      ['Expires', at(60)],
      ['Date', at(-10)],
    ]),
    70_000,
  );
  assert.equal(lifetime([['Expires', at(60)]]), 60_000);
  assert.equal(
    lifetime([
      ['Expires', at(60)],
      ['Date', 'foo'],
    ]),
    60_000,
  );
  assert.equal(
    lifetime([
      ['Expires', at(300)],
      ['Date', at(400)],
    ]),
    0,
  );
});

test('an Expires that is no date, or is said twice and differently, is in the past', () => {
  for (const text of ['0', '-1', 'never', '']) assert.equal(lifetime([['Expires', text]]), 0, text);
  assert.equal(
    lifetime([
      ['Expires', at(60)],
      ['Expires', at(61)],
    ]),
    0,
  );
  assert.equal(
    lifetime([
      ['Expires', at(60)],
      ['Expires', at(60)],
    ]),
    60_000,
  );
});

test('what is meant for caches goes before all else', () => {
  assert.equal(
    lifetime([
      ['CDN-Cache-Control', 'max-age=9'],
      ['Cache-Control', 's-maxage=1, no-store'],
      ['Expires', at(1)],
    ]),
    9000,
  );
  assert.equal(
    lifetime([
      ['CDN-Cache-Control', 'max-age="9"'],
      ['Cache-Control', 's-maxage=1'],
    ]),
    1000,
  );
  assert.equal(
    lifetime([
      ['CDN-Cache-Control', 'public'],
      ['Expires', at(1)],
    ]),
    300_000,
  );
});

test('an answer that says nothing is fresh for as long as is configured', () => {
  assert.equal(lifetime([]), 300_000);
  assert.equal(lifetime([], 404), 10_000);
  assert.equal(lifetime([], 410), 0);
  assert.equal(fresh([], 302), null);
  assert.equal(lifetime([['Cache-Control', 'public']], 302), 300_000);
  assert.equal(lifetime([['Cache-Control', 'max-age=5']], 302), 5000);
  assert.equal(lifetime([['Pragma', 'x, no-cache']]), 0);
  assert.equal((fresh([])?.flags ?? 0) & answerFlags.guessed, answerFlags.guessed);
});

test('a lifetime is guessed by Last-Modified only where that is wanted', () => {
  const heuristic = { ...DEFAULTS, heuristic: { share: 0.1, maxMs: 86_400_000 } };
  const lines: FieldLine[] = [
    ['Last-Modified', at(-1000)],
    ['Date', at(0)],
  ];
  assert.equal(lifetime(lines), 300_000);
  assert.equal(lifetime(lines, 200, heuristic), 100_000);
  assert.equal(lifetime(lines, 410, heuristic), 100_000);
  assert.equal(lifetime([['Last-Modified', at(-100_000_000)]], 200, heuristic), 86_400_000);
  assert.equal(lifetime([['Last-Modified', at(50)]], 200, heuristic), 0);
  assert.equal(fresh(lines, 503, heuristic), null);
});

test('no lifetime is guessed where that is not allowed', () => {
  const given = freshnessOf({ status: 200, fields: new FieldList([]), respondedAtMs: NOW }, false, DEFAULTS);
  assert.equal(given?.lifetimeMs, 0);
});

test('stale answers are allowed by the answer, else by the configuration, and not where the answer forbids them', () => {
  const windows = (text: string): unknown[] => {
    const found = fresh([['Cache-Control', text]]);
    return [found?.staleWhileAskingMs, found?.staleOnErrorMs, ((found?.flags ?? 0) & answerFlags.neverStale) !== 0];
  };
  assert.deepEqual(windows('max-age=1'), [7000, 9000, false]);
  assert.deepEqual(windows('max-age=1, stale-while-revalidate=2, stale-if-error=3'), [2000, 3000, false]);
  assert.deepEqual(windows('max-age=1, must-revalidate, stale-if-error=3'), [0, 0, true]);
  assert.deepEqual(windows('max-age=1, proxy-revalidate'), [0, 0, true]);
  assert.deepEqual(windows('no-cache'), [0, 0, true]);
  assert.deepEqual(windows('s-maxage=1'), [0, 0, true]);
  assert.deepEqual(windows('s-maxage=1, stale-while-revalidate=2'), [2000, 0, true]);
});

test('an age is what is told, what Date tells and what the way took, whichever is more', () => {
  const age = (lines: readonly FieldLine[], tookMs = 0): number =>
    NOW - bornAtMs(new FieldList(lines), NOW - tookMs, NOW);
  assert.equal(age([]), 0);
  assert.equal(age([['Age', '30']]), 30_000);
  assert.equal(age([['Age', '30']], 2000), 32_000);
  assert.equal(age([['Date', at(-7200)]]), 7_200_000);
  assert.equal(
    age([
      ['Date', at(-7200)],
      ['Age', '8000'],
    ]),
    8_000_000,
  );
  assert.equal(age([['Date', at(60)]]), 0);
  assert.equal(age([], 500), 0);
  assert.equal(age([], 2500), 2500);
});

test('of several ages the first counts, and one that is no number is none', () => {
  const age = (...values: string[]): number =>
    NOW - bornAtMs(new FieldList(values.map((value): FieldLine => ['Age', value])), NOW, NOW);
  assert.equal(age('7200, 0'), 7_200_000);
  assert.equal(age('0, 7200'), 0);
  assert.equal(age('0', '7200'), 0);
  assert.equal(age('7200', '0'), 7_200_000);
  for (const text of ['abc', '-7200', '7200.0', '7200;foo=bar', '']) assert.equal(age(text), 0, text);
  assert.equal(age('99999999999'), 2_147_483_648_000);
});
