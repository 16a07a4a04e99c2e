import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { summarize } from './contest.ts';

describe('summarize', () => {
  test('takes medians, but adds up errors so that none is lost', () => {
    const summary = summarize([
      { cost: 10, perSecond: 100, rssMiB: 50, errors: 0 },
      { cost: 99, perSecond: 90, rssMiB: 52, errors: 4 },
      { cost: 11, perSecond: 95, rssMiB: 51, errors: 0 },
    ]);
    assert.deepEqual(summary, { cost: 11, perSecond: 95, rssMiB: 51, errors: 4 });
  });
});
