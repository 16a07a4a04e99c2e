import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../../test/support/admin-desk.ts';
import type { OverviewAnswer } from '../admin-answers.ts';

test('GET /api/v1/overview tells how each job does', async () => {
  const desk = await AdminDesk.open();
  const traffic = {
    totalRequests: 9,
    totalErrors: 1,
    requestsPerSecond: 1.256,
    errorsPerSecond: 0,
    p50Ms: 2.004,
    p99Ms: null,
    requestsInFlight: 1,
    openConnections: null,
    rates: [0, 1 / 3],
  };
  desk.jobs = (['egress', 'gateway', 'tunnels', 'agents', 'ai'] as const).map((job) => ({ job, ...traffic }));
  const answer = await desk.ask('/api/v1/overview', { headers: AUTHORIZED });
  const { uptime_seconds: uptime, jobs } = (await answer.json()) as OverviewAnswer;
  assert.ok(uptime >= 5);
  assert.deepEqual(
    jobs.map(({ job, on, parts }) => [job, on, parts]),
    [
      ['egress', true, { ready: 0, total: 0 }],
      ['gateway', true, { ready: 0, total: 0 }],
      ['tunnels', false, { ready: 0, total: 0 }],
      ['agents', false, null],
      ['ai', false, { ready: 0, total: 0 }],
    ],
  );
  assert.deepEqual(jobs[1], {
    job: 'gateway',
    on: true,
    total_requests: 9,
    total_errors: 1,
    requests_per_second: 1.26,
    errors_per_second: 0,
    p50_ms: 2,
    p99_ms: null,
    requests_in_flight: 1,
    open_connections: null,
    parts: { ready: 0, total: 0 },
    rates: [0, 0.33],
  });
});
