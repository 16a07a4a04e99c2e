import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentRange, rangeOf } from './ranges.ts';

const of = (text: string, length = 10): unknown => rangeOf([text], length);

test('one range is given as it is asked for', () => {
  assert.deepEqual(of('bytes=0-1'), { from: 0, to: 2 });
  assert.deepEqual(of('bytes=1-'), { from: 1, to: 10 });
  assert.deepEqual(of('bytes=-3'), { from: 7, to: 10 });
  assert.deepEqual(of('Bytes= 8-99 '), { from: 8, to: 10 });
  assert.deepEqual(of('bytes=-99'), { from: 0, to: 10 });
});

test('what is not understood, and several ranges, get the whole', () => {
  for (const text of [
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=2-1',
    'lines=0-1',
    'bytes=0-1,3-4',
    'bytes=a-b',
    'bytes=0 - 1',
    `bytes=${'9'.repeat(16)}-`,
  ])
    assert.equal(of(text), 'whole', text);
  assert.equal(rangeOf(['bytes=0-1', 'bytes=0-1'], 10), 'whole');
  assert.equal(rangeOf([], 10), 'whole');
});

test('a range that begins behind the end cannot be given', () => {
  assert.equal(of('bytes=10-'), 'unsatisfiable');
  assert.equal(of('bytes=-0'), 'unsatisfiable');
  assert.equal(of('bytes=0-0', 0), 'unsatisfiable');
});

test('a range always lies within the whole', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (first, last, length) => {
      for (const text of [`bytes=${first}-${last}`, `bytes=${first}-`, `bytes=-${last}`]) {
        const range = rangeOf([text], length);
        if (typeof range === 'object') assert.ok(range.from >= 0 && range.from < range.to && range.to <= length);
      }
    }),
  );
  assert.equal(contentRange({ from: 2, to: 5 }, 10), 'bytes 2-4/10');
});
