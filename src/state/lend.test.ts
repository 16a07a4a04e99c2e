import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lend } from './lend.ts';

const NOW_MS = 1_000_000;
const LIMIT = { intervalMs: 100, burst: 10 };

test('a bucket lends what is needed first, and half of the rest in advance', () => {
  const wish = { bucket: 'a', limit: LIMIT, spent: 0, need: 4, more: 100 };
  const { loan, paidAtMs } = lend(wish, 0, NOW_MS);
  assert.deepEqual(loan, { granted: 7, left: 3, resetMs: 700, retryAfterMs: 0 });
  const { loan: next } = lend({ ...wish, need: 9, more: 0 }, paidAtMs, NOW_MS);
  assert.deepEqual(next, { granted: 3, left: 0, resetMs: 1_000, retryAfterMs: 100 });
});

test('what a limit that was stricter is owed is forgotten, what was spent beyond it is not', () => {
  const wish = { bucket: 'a', limit: LIMIT, spent: 0, need: 1, more: 0 };
  assert.equal(lend(wish, NOW_MS + 86_400_000, NOW_MS).loan.retryAfterMs, 100);
  assert.equal(lend(wish, NOW_MS + 1_500, NOW_MS).loan.retryAfterMs, 600);
});

test('a bucket never lends more than burst and rate allow, whatever is asked', () => {
  const step = fc.record({
    pauseMs: fc.integer({ min: 0, max: 400 }),
    need: fc.integer({ min: 0, max: 9 }),
    more: fc.integer({ min: 0, max: 9 }),
  });
  const limits = fc.record({ intervalMs: fc.constantFrom(1, 100 / 3, 1000), burst: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), limits, (steps, limit) => {
      let nowMs = NOW_MS;
      let paid = 0;
      let lent = 0;
      for (const { pauseMs, need, more } of steps) {
        nowMs += pauseMs;
        const { loan, paidAtMs } = lend({ bucket: 'a', limit, spent: 0, need, more }, paid, nowMs);
        paid = paidAtMs;
        lent += loan.granted;
        assert.ok(lent <= limit.burst + (nowMs - NOW_MS) / limit.intervalMs + 0.01);
      }
    }),
  );
});
