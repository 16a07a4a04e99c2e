import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../../test/support/balance-rig.ts';
import { FakeTimers, settle } from '../../../test/support/fake-timers.ts';
import { CheckSchedule, type ScheduleOptions } from './check-schedule.ts';

interface Scene {
  readonly timers: FakeTimers;
  readonly schedule: CheckSchedule<string>;
  /** `key@time` of each run. */
  readonly runs: string[];
}

function setUp(options: Partial<ScheduleOptions<string>> = {}): Scene {
  const timers = new FakeTimers();
  const runs: string[] = [];
  const schedule = new CheckSchedule<string>({
    intervalMs: 1000,
    concurrency: 10,
    timers,
    random: () => 0.5,
    run: async (key) => void runs.push(`${key}@${timers.now}`),
    ...options,
  });
  return { timers, schedule, runs };
}

describe('a schedule of checks', () => {
  test('runs each soon at first, then every interval', async () => {
    const { timers, schedule, runs } = setUp();
    schedule.follow(new Set(['a']));
    await timers.advance(3100);
    assert.deepEqual(runs, ['a@50', 'a@1050', 'a@2050', 'a@3050']);
  });

  test('spreads the checks by chance', async () => {
    const { timers, schedule, runs } = setUp({ random: seededRandom(3) });
    schedule.follow(new Set(Array.from({ length: 50 }, (_, index) => `m${index}`)));
    await timers.advance(100);
    assert.equal(runs.length, 50);
    assert.ok(new Set(runs.map((run) => run.split('@')[1])).size > 40);
    await timers.advance(1200);
    const second = runs.slice(50).map((run) => Number(run.split('@')[1]));
    assert.ok(second.length >= 50 && second.every((at) => at >= 900 && at <= 1300));
  });

  test('counts the interval from the end of a run', async () => {
    const { timers, schedule, runs } = setUp({
      run: async (key) => {
        runs.push(`${key}@${timers.now}`);
        await new Promise<void>((resolve) => void timers.after(700, resolve));
      },
    });
    schedule.follow(new Set(['a']));
    await timers.advance(4000);
    assert.deepEqual(runs, ['a@50', 'a@1750', 'a@3450']);
  });

  test('runs no more at once than it may, and each in its turn', async () => {
    const ends: (() => void)[] = [];
    const started: string[] = [];
    const { timers, schedule } = setUp({
      concurrency: 2,
      run: async (key) => {
        started.push(key);
        await new Promise<void>((resolve) => void ends.push(resolve));
      },
    });
    schedule.follow(new Set(['a', 'b', 'c', 'd']));
    await timers.advance(100);
    assert.deepEqual(started, ['a', 'b']);
    ends[0]?.();
    await settle();
    assert.deepEqual(started, ['a', 'b', 'c']);
  });

  test('follows what comes and goes, and leaves the others their time', async () => {
    const { timers, schedule, runs } = setUp();
    schedule.follow(new Set(['a', 'b']));
    await timers.advance(500);
    schedule.follow(new Set(['b', 'c']));
    await timers.advance(600);
    assert.deepEqual(runs, ['a@50', 'b@50', 'c@550', 'b@1050']);
  });

  test('does not run what went away while it waited for its place', async () => {
    const ends: (() => void)[] = [];
    const started: string[] = [];
    const { timers, schedule } = setUp({
      concurrency: 1,
      run: async (key) => {
        started.push(key);
        await new Promise<void>((resolve) => void ends.push(resolve));
      },
    });
    schedule.follow(new Set(['a', 'b']));
    await timers.advance(100);
    schedule.follow(new Set(['a']));
    ends[0]?.();
    await settle();
    assert.deepEqual(started, ['a']);
  });

  test('plans nothing more once it is stopped, also not after what still runs', async () => {
    const { timers, schedule } = setUp({
      run: async () => new Promise<void>((resolve) => void timers.after(10, resolve)),
    });
    schedule.follow(new Set(['a', 'b']));
    await timers.advance(55);
    schedule.stop();
    await timers.advance(5000);
    assert.equal(timers.pending, 0);
  });
});
