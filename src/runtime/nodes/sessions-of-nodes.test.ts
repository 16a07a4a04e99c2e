import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from '../../../test/support/redis.ts';
import { LimitTable } from '../../services/limiter/limit-table.ts';
import type { SharedBindings } from '../../services/sticky/shared-bindings.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { closeBindings, sharedBindings } from './sessions-of-nodes.ts';

test(
  'sessions are told to other nodes that name the same server, and to nobody without one',
  { timeout: 20_000 },
  async (t) => {
    const redis = await Redis.start(t);
    if (redis === undefined) return;
    const open = (state: string): SharedBindings | null => {
      const limits = new LimitTable({ capacity: 8 });
      t.after(() => closeBindings(limits));
      return sharedBindings({ limits, recorder: new MetricsRecorder() }, state);
    };
    assert.equal(open('embedded'), null);
    const [one, other] = [open(redis.url), open(redis.url)];
    for (let count = 0; other?.find(`session ${count}`) !== 'member'; count += 1) {
      one?.bound(`session ${count + 1}`, 'member', 60_000, false);
      await pause(50);
    }
  },
);
