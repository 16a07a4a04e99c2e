import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { IsoTimeCache, SecondCache, formatClfTime, formatHttpDate, formatIsoTime } from './clock.ts';

const AT = Date.UTC(2026, 10, 20, 5, 1, 6, 123);
const times = fc.integer({ min: 0, max: Date.UTC(2999, 0, 1) });

describe('times as text', () => {
  test('an HTTP date is IMF-fixdate with two-digit days', () => {
    assert.equal(formatHttpDate(AT), 'Fri, 20 Nov 2026 05:01:06 GMT');
    assert.equal(formatHttpDate(Date.UTC(2026, 0, 2)), 'Fri, 02 Jan 2026 00:00:00 GMT');
  });

  test('an ISO time is UTC with milliseconds', () => {
    assert.equal(formatIsoTime(AT), '2026-11-20T05:01:06.123Z');
  });

  test('a Common Log Format time is UTC with a named month', () => {
    assert.equal(formatClfTime(AT), '20/Nov/2026:05:01:06 +0000');
    assert.equal(formatClfTime(0), '01/Jan/1970:00:00:00 +0000');
  });
});

describe('cached times', () => {
  test('a text is made once a second, also when the clock steps back', () => {
    const made: number[] = [];
    const cache = new SecondCache((ms) => {
      made.push(ms);
      return formatHttpDate(ms);
    });
    const texts = [AT, AT + 800, AT + 900, AT].map((ms) => cache.at(ms));
    assert.deepEqual(made, [AT - 123, AT - 123 + 1000, AT - 123]);
    assert.deepEqual(
      texts,
      [AT, AT, AT + 900, AT].map((ms, i) => (i === 1 ? formatHttpDate(AT + 800) : formatHttpDate(ms))),
    );
  });

  test('a cached ISO time is the same text as a fresh one', () => {
    const cache = new IsoTimeCache();
    fc.assert(fc.property(times, (ms) => cache.at(ms) === formatIsoTime(ms)));
  });

  test('a cached ISO time drops fractions of a millisecond', () => {
    assert.equal(new IsoTimeCache().at(AT + 0.9), '2026-11-20T05:01:06.123Z');
  });
});
