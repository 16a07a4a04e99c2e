import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatShare, parseShare } from './share.ts';

describe('shares', () => {
  test('are percents, or numbers up to one', () => {
    assert.deepEqual(['20%', '12.5 %', '0%', '100%', '0.2', '1', '0'].map(parseShare), [0.2, 0.125, 0, 1, 0.2, 1, 0]);
  });

  test('are not more than everything, less than nothing, or words', () => {
    for (const text of ['101%', '20', '-1%', '%', '', 'half', '1e-1', '.5'])
      assert.equal(parseShare(text), undefined, text);
  });

  test('are written as percents', () => {
    assert.deepEqual([0.2, 0.07, 1, 0, 0.125].map(formatShare), ['20%', '7%', '100%', '0%', '12.5%']);
    for (let percent = 0; percent <= 100; percent += 1) {
      assert.equal(parseShare(formatShare(percent / 100)), percent / 100);
    }
  });
});
