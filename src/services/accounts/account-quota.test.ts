import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemberTable } from '../balance/member-table.ts';
import { AccountQuota } from './account-quota.ts';
import type { QuotaReading } from './quota-fields.ts';

const NOW_MS = 1_000_000;

function reading(window: number, used: number, changes: Partial<QuotaReading> = {}): QuotaReading {
  return { window, used, limit: null, remaining: null, resetsAtMs: NOW_MS + 1000, minutes: null, ...changes };
}

test('of an account counts what has the least left, in every thread', () => {
  const table = new MemberTable({ capacity: 8 });
  const quota = new AccountQuota(table, 'a', 'anthropic');
  const elsewhere = new AccountQuota(new MemberTable({ memory: table.memory }), 'a', 'anthropic');
  assert.deepEqual([quota.leftAt(NOW_MS), quota.exhaustedUntil(NOW_MS), quota.at(NOW_MS)], [1, null, []]);
  quota.note([reading(0, 0.25, { limit: 40, remaining: 30 }), reading(5, 0.5, { minutes: 300 })], NOW_MS);
  assert.equal(elsewhere.leftAt(NOW_MS), 0.5);
  const resetsAtMs = NOW_MS + 1000;
  assert.deepEqual(elsewhere.at(NOW_MS), [
    { window: 'requests', left: 0.75, limit: 40, remaining: 30, resetsAtMs, minutes: null },
    { window: '7d', left: 0.5, limit: null, remaining: null, resetsAtMs, minutes: 300 },
  ]);
  quota.dispose();
  elsewhere.dispose();
});

test('what begins anew is all there again, and so is what nobody has told of for a while', () => {
  const quota = new AccountQuota(new MemberTable({ capacity: 8 }), 'a', 'openai');
  quota.note(
    [reading(0, 1), reading(1, 0.5, { resetsAtMs: NOW_MS + 2000 }), reading(2, 0.9, { resetsAtMs: null })],
    NOW_MS,
  );
  assert.equal(quota.leftAt(NOW_MS), 0);
  assert.equal(quota.exhaustedUntil(NOW_MS), NOW_MS + 1000);
  assert.deepEqual([quota.leftAt(NOW_MS + 1000), quota.exhaustedUntil(NOW_MS + 1000)], [1 - 0.9, null]);
  assert.equal(quota.leftAt(NOW_MS + 300_000), 1);
});

test('a limit that stands for the others is told of only while it is used up', () => {
  const quota = new AccountQuota(new MemberTable({ capacity: 8 }), 'a', 'anthropic');
  quota.note([reading(6, 0)], NOW_MS);
  assert.deepEqual(quota.at(NOW_MS), []);
  quota.note([reading(6, 1)], NOW_MS);
  assert.deepEqual(
    quota.at(NOW_MS).map(({ window }) => window),
    ['unified'],
  );
});
