import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatElapsed } from './elapsed.ts';

test('a length of time is told in its two largest units', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [4.27, '4.2s'],
    [59.99, '59.9s'],
    [60, '1m 0s'],
    [192, '3m 12s'],
    [3600, '1h 0m'],
    [190_800, '2d 5h'],
  ];
  for (const [seconds, text] of cases) assert.equal(formatElapsed(seconds), text);
});
