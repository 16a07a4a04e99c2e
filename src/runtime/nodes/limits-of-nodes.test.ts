import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import { TableLimiter } from '../../services/limiter/table-limiter.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { closeLimiter, limiterOf } from './limits-of-nodes.ts';

const LIMIT = { intervalMs: 60_000, burst: 2 };

test('limits are those of this process without a server, and with one that is not there', (t) => {
  const limits = new LimitTable({ capacity: 8 });
  const parts = { limits, threads: 1, recorder: new MetricsRecorder() };
  t.after(() => closeLimiter(limits));
  const own = limiterOf(parts, 'embedded');
  assert.ok(own instanceof TableLimiter);
  const bucket = own.bucket('a', LIMIT);
  assert.deepEqual([bucket.take('k'), bucket.take('k'), bucket.take('k')], [true, true, false]);
  const shared = limiterOf(parts, 'redis://127.0.0.1:1').bucket('b', LIMIT);
  assert.deepEqual([shared.take('k'), shared.take('k'), shared.take('k')], [true, true, false]);
});
