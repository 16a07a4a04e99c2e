import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHttpDate } from './http-date.ts';

const NOW = Date.UTC(2026, 10, 26);
const parse = (text: string): number | null => parseHttpDate(text, NOW);

test('a date is read in each of the three forms', () => {
  const time = Date.UTC(1994, 10, 6, 8, 49, 37);
  assert.equal(parse('Sun, 06 Nov 1994 08:49:37 GMT'), time);
  assert.equal(parse('Sunday, 06-Nov-94 08:49:37 GMT'), time);
  assert.equal(parse('Sun Nov  6 08:49:37 1994'), time);
});

test('a date may be written in any case', () => {
  const time = Date.UTC(2050, 7, 18, 2, 1, 18);
  for (const text of [
    'THU, 18 Aug 2050 02:01:18 GMT',
    'Thu, 18 AUG 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 gMT',
  ])
    assert.equal(parse(text), time, text);
});

test('a year of two digits is at most fifty years ahead', () => {
  assert.equal(parse('Thursday, 18-Aug-50 02:01:18 GMT'), Date.UTC(2050, 7, 18, 2, 1, 18));
  assert.equal(parse('Thursday, 18-Aug-76 02:01:18 GMT'), Date.UTC(2076, 7, 18, 2, 1, 18));
  assert.equal(parse('Thursday, 18-Aug-77 02:01:18 GMT'), Date.UTC(1977, 7, 18, 2, 1, 18));
});

test('what only looks like a date is none', () => {
  const wrong = [
    '',
    '0',
    'foo',
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 2050 02:01:18 AEST',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 31 Jun 2050 02:01:18 GMT',
    'Thu, 00 Jun 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 24:01:18 GMT',
    'Thu, 18 Aug 2050 02:60:18 GMT',
    'Thu, 18 Aug 2050 02:01:61 GMT',
    'Thu, 18 Aug 2050 02:01:18 GMT ',
    '2050-08-18T02:01:18Z',
    'Thu Aug 8 02:01:18 2050',
  ];
  for (const text of wrong) assert.equal(parse(text), null, text);
});

test('every second that is written as a date is read as itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (second) => {
      assert.equal(parse(new Date(second * 1000).toUTCString()), second * 1000);
    }),
  );
});
