import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatRate, parseRate } from './rate.ts';

describe('rates', () => {
  test('are read per second, minute, hour and day', () => {
    assert.deepEqual(['100/s', '30/m', '3600/h', '86400/d', '0.5 / s'].map(parseRate), [100, 0.5, 1, 1, 0.5]);
  });

  test('are refused when they are none, or nothing', () => {
    for (const text of ['', '100', '100/w', '/s', '0/s', '-1/s', 'many/s'])
      assert.equal(parseRate(text), undefined, text);
  });

  test('are written with the shortest unit that gives a whole number', () => {
    assert.deepEqual([100, 0.5, 1 / 60, 1 / 3600, 7 / 86_400].map(formatRate), ['100/s', '30/m', '1/m', '1/h', '7/d']);
    assert.equal(formatRate(Math.PI), `${Math.PI}/s`);
  });

  test('are read back to nearly the same number', () => {
    const amount = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(amount, fc.constantFrom('s', 'm', 'h', 'd'), (count, unit) => {
        const rate = parseRate(`${count}/${unit}`)!;
        assert.ok(Math.abs(parseRate(formatRate(rate))! - rate) < 1e-9);
      }),
    );
  });
});
