import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AiUsageLine } from '../../../src/control/admin-answers.ts';
import { daysBetween, rowsBy, seriesBy } from './usage-sums.ts';

const [MONDAY, TUESDAY] = ['2026-11-23', '2026-11-24'];

function line(day: string, user: string, model: string, more: Partial<AiUsageLine> = {}): AiUsageLine {
  return {
    day,
    user,
    model,
    requests: 1,
    unknown_requests: 0,
    cached_requests: 0,
    input_tokens: 10,
    output_tokens: 5,
    cache_read_tokens: 1,
    cache_write_tokens: 0,
    cost: null,
    unpriced_requests: 1,
    ...more,
  };
}

describe('usage', () => {
  const lines = [
    line(MONDAY, 'ann', 'small'),
    line(TUESDAY, 'bob', 'large', { input_tokens: 100, cost: 0.5 }),
    line(TUESDAY, 'ann', 'large', { requests: 3, cost: 0.25 }),
    line(TUESDAY, '', 'small', { unknown_requests: 1, input_tokens: 0, output_tokens: 0, cache_read_tokens: 0 }),
  ];

  test('is summed by user and by model, what used most first', () => {
    assert.deepEqual(
      rowsBy(lines, 'user').map(({ name, requests, input, cost }) => [name, requests, input, cost]),
      [
        ['bob', 1, 100, 0.5],
        ['ann', 4, 20, 0.25],
        ['nobody named', 1, 0, null],
      ],
    );
    assert.deepEqual(
      rowsBy(lines, 'model').map(({ name, unknown, cost }) => [name, unknown, cost]),
      [
        ['large', 0, 0.75],
        ['small', 1, null],
      ],
    );
  });

  test('has a number for each day, also where nothing was used', () => {
    const days = daysBetween('2026-11-22', TUESDAY);
    assert.deepEqual(
      days.map((day) => new Date(day * 1000).toISOString().slice(0, 10)),
      ['2026-11-22', MONDAY, TUESDAY],
    );
    const series = seriesBy(lines, days, { key: 'user', measure: 'tokens' });
    assert.deepEqual(
      series.map(({ label, values }) => [label, values]),
      [
        ['bob', [0, 0, 106]],
        ['ann', [0, 16, 16]],
      ],
    );
    const [cost] = seriesBy(lines, days, { key: 'model', measure: 'cost' });
    assert.deepEqual([cost?.label, cost?.values], ['large', [0, 0, 0.75]]);
  });

  test('of more than there are colours is put together', () => {
    const many = Array.from({ length: 9 }, (_, index) => line(MONDAY, `user ${index}`, 'm', { requests: 9 - index }));
    const series = seriesBy(many, daysBetween(MONDAY, MONDAY), { key: 'user', measure: 'requests' });
    assert.deepEqual(
      series.map(({ label, values }) => [label, values]),
      [
        ['user 0', [9]],
        ['user 1', [8]],
        ['user 2', [7]],
        ['user 3', [6]],
        ['user 4', [5]],
        ['others', [10]],
      ],
    );
  });
});
