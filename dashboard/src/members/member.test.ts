import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakerWords, isUsable, type Member, standingOf } from './member.ts';

const WELL: Member = {
  id: 'exits/fr',
  healthy: true,
  enabled: true,
  draining: false,
  health: 'healthy',
  breaker: 'closed',
  obstacle: null,
  retry_in_ms: 0,
  weight: 1,
  priority: 1,
  backup: false,
  last_check: null,
  last_error: null,
  last_error_at: null,
  active: 0,
  stats: { total_requests: 0, success_rate: null, avg_latency_ms: null },
};

test('one that is well says so, and one that nobody has checked says no more than that it is ready', () => {
  assert.deepEqual(standingOf(WELL), { tone: 'good', words: 'healthy' });
  assert.deepEqual(standingOf({ ...WELL, health: 'unknown' }), { tone: 'good', words: 'ready' });
});

test('what people have decided goes before what checks say', () => {
  const ill: Member = { ...WELL, healthy: false, health: 'unhealthy' };
  assert.equal(standingOf({ ...ill, enabled: false }).words, 'disabled');
  assert.equal(standingOf({ ...ill, draining: true }).words, 'draining');
  assert.deepEqual(standingOf(ill), { tone: 'bad', words: 'unhealthy' });
});

test('one that is left alone says why, and for how long', () => {
  const cooling: Member = { ...WELL, healthy: false, obstacle: 'breaker_open', retry_in_ms: 2500 };
  assert.deepEqual(standingOf(cooling), { tone: 'bad', words: 'breaker open, again in 2.5 s' });
});

test('only one that gets something new is usable', () => {
  const changes: Partial<Member>[] = [{}, { enabled: false }, { draining: true }, { healthy: false }];
  assert.deepEqual(
    changes.map((change) => isUsable({ ...WELL, ...change })),
    [true, false, false, false],
  );
});

test('a breaker is named as people name it', () => {
  assert.deepEqual(
    (['closed', 'half_open', 'open'] as const).map((breaker) => breakerWords(breaker).words),
    ['closed', 'half open', 'open'],
  );
});
