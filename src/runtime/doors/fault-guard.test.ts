import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import { guardAgainstFaults } from './fault-guard.ts';

function guard(): {
  fail: (times: number) => void;
  log: string[];
  clock: { nowMs: number };
  release: () => void;
} {
  const source = new EventEmitter();
  const log: string[] = [];
  const clock = { nowMs: 0 };
  const release = guardAgainstFaults({
    source,
    report: (error, origin) => log.push(`${origin}: ${String(error)}`),
    giveUp: (faults, withinMs) => log.push(`gave up: ${faults} within ${withinMs}`),
    nowMs: () => clock.nowMs,
  });
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) source.emit('uncaughtException', new Error('oops'), 'uncaughtException');
  };
  return { fail, log, clock, release: () => (release(), fail(1)) };
}

describe('an error that nobody caught', () => {
  test('is reported, and nothing else happens', () => {
    const { fail, log } = guard();
    fail(1);
    assert.deepEqual(log, ['uncaughtException: Error: oops']);
  });

  test('is no reason to give up as long as it comes seldom', () => {
    const { fail, log, clock } = guard();
    for (let i = 0; i < 30; i++) {
      clock.nowMs += 2_000;
      fail(1);
    }
    assert.equal(log.length, 30);
  });

  test('is a reason to give up when ten come within ten seconds, once', () => {
    const { fail, log } = guard();
    fail(9);
    assert.equal(log.length, 9);
    fail(3);
    assert.deepEqual(
      log.filter((line) => line.startsWith('gave up')),
      ['gave up: 10 within 10000'],
    );
  });

  test('is the business of others after the release', () => {
    const { log, release } = guard();
    release();
    assert.deepEqual(log, []);
  });
});
