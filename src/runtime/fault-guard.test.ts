import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import { guardAgainstFaults } from './fault-guard.ts';

function guard(): {
  fail: (times: number) => void;
  log: string[];
  counted: () => number;
  clock: { nowMs: number };
  release: () => void;
} {
  const source = new EventEmitter();
  const log: string[] = [];
  const clock = { nowMs: 0 };
  let count = 0;
  const release = guardAgainstFaults({
    source,
    logger: {
      error: (fields: object, message: string) => log.push(`${message}: ${(fields as { err: Error }).err.message}`),
      fatal: (_fields: object, message: string) => log.push(message),
    } as never,
    count: () => (count += 1),
    giveUp: () => log.push('gave up'),
    nowMs: () => clock.nowMs,
  });
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) source.emit('uncaughtException', new Error('oops'), 'uncaughtException');
  };
  return { fail, log, counted: () => count, clock, release: () => (release(), fail(1)) };
}

describe('an error that nobody caught', () => {
  test('is logged and counted, and the process stays up', () => {
    const { fail, log, counted } = guard();
    fail(1);
    assert.deepEqual(log, ['uncaught error: oops']);
    assert.equal(counted(), 1);
  });

  test('is no reason to give up as long as it comes seldom', () => {
    const { fail, log, clock } = guard();
    for (let i = 0; i < 30; i++) {
      clock.nowMs += 2_000;
      fail(1);
    }
    assert.equal(log.includes('gave up'), false);
  });

  test('ends the process in good order when ten come within ten seconds, once', () => {
    const { fail, log } = guard();
    fail(9);
    assert.equal(log.includes('gave up'), false);
    fail(3);
    assert.equal(log.filter((line) => line === 'gave up').length, 1);
    assert.equal(log.filter((line) => line === 'too many uncaught errors, stopping').length, 1);
  });

  test('is the business of others after the release', () => {
    const { log, release } = guard();
    release();
    assert.deepEqual(log, []);
  });
});
