import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Group } from '../../services/balance/group.ts';
import { MemberTable } from '../../services/balance/member-table.ts';
import { memberAnswer, memberStats, memberTestAnswer } from './members.ts';

test('a member is told with what it has done, and why it is left alone', (t) => {
  const group = new Group({
    name: 'gateway/app',
    table: new MemberTable({ capacity: 2 }),
    members: [{ id: 'one', data: null }],
    options: { strategy: 'random', breaker: { failures: 1, successes: 1, openForMs: 60_000 } },
  });
  t.after(() => group.dispose());
  const member = group.find('one') ?? assert.fail();
  const told = () => {
    const state = member.state();
    const report = { weight: 1, priority: 2, backup: false, state, isHealthy: state.obstacle === null };
    return { ...memberAnswer(report), stats: memberStats(state) };
  };
  const fresh = told();
  assert.deepEqual([fresh.healthy, fresh.obstacle, fresh.last_error_at, fresh.priority], [true, null, null, 2]);
  assert.deepEqual(fresh.stats, { total_requests: 0, success_rate: null, avg_latency_ms: null });
  member.end(member.begin(), { kind: 'failure', reason: 'upstream_reset' });
  const failed = told();
  assert.deepEqual([failed.healthy, failed.breaker, failed.last_error], [false, 'open', 'upstream_reset']);
  assert.match(failed.last_error_at ?? '', /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual([failed.stats.total_requests, failed.stats.success_rate], [1, 0]);
});

test('a check has passed, has failed, or could not be made', () => {
  assert.deepEqual(
    [{ passed: true, latencyMs: 3 } as const, { passed: false, reason: 'hop_timeout' } as const, null].map((result) =>
      memberTestAnswer('a/b', result),
    ),
    [
      { id: 'a/b', passed: true, latency_ms: 3, error: null },
      { id: 'a/b', passed: false, latency_ms: null, error: 'hop_timeout' },
      { id: 'a/b', passed: null, latency_ms: null, error: null },
    ],
  );
});
