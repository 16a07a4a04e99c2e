import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { median, percentile } from './statistics.ts';

describe('median', () => {
  test('takes the middle of an odd number of values in any order', () => {
    assert.equal(median([9, 1, 5]), 5);
  });

  test('takes the mean of the middle two of an even number', () => {
    assert.equal(median([4, 1, 3, 100]), 3.5);
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);

  test('is the value that so many percent do not exceed', () => {
    assert.equal(percentile(hundred, 50), 50);
    assert.equal(percentile(hundred, 99), 99);
    assert.equal(percentile(hundred, 100), 100);
  });

  test('of a single value is that value', () => {
    assert.equal(percentile([7], 1), 7);
    assert.equal(percentile([7], 99), 7);
  });
});
