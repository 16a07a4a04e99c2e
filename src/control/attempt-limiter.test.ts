import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AttemptLimiter } from './attempt-limiter.ts';

/** A limiter whose time stands still and whose delays are only written down. */
function frozenLimiter(): { limiter: AttemptLimiter; delays: number[]; clock: { nowMs: number } } {
  const delays: number[] = [];
  const clock = { nowMs: 0 };
  const wait = (delayMs: number): Promise<void> => {
    delays.push(delayMs);
    return Promise.resolve();
  };
  return { limiter: new AttemptLimiter({ nowMs: () => clock.nowMs, wait }), delays, clock };
}

describe('the limiter of wrong tokens', () => {
  test('lets a few mistakes pass, then doubles the delay up to a bound', async () => {
    const { limiter, delays } = frozenLimiter();
    for (let i = 0; i < 10; i++) await limiter.countFailure('192.0.2.1');
    assert.deepEqual(delays, [100, 200, 400, 800, 1600, 2000, 2000]);
  });

  test('counts each address by itself, and an IPv6 network as one', async () => {
    const { limiter, delays } = frozenLimiter();
    for (const address of ['192.0.2.1', '192.0.2.2', '::1', '2001:db8::1', 'somewhere']) {
      for (let i = 0; i < 3; i++) await limiter.countFailure(address);
    }
    assert.deepEqual(delays, []);
    await limiter.countFailure('2001:db8:0:0:ffff::2');
    assert.deepEqual(delays, [100]);
    await limiter.countFailure('2001:db8:0:1::1');
    assert.deepEqual(delays, [100]);
    await limiter.countFailure('::ffff:192.0.2.1');
    assert.deepEqual(delays, [100, 100]);
  });

  test('forgets after a minute of quiet and forgives after a right token', async () => {
    const { limiter, delays, clock } = frozenLimiter();
    for (let i = 0; i < 3; i++) await limiter.countFailure('a');
    clock.nowMs += 60_001;
    await limiter.countFailure('a');
    limiter.forgive('a');
    for (let i = 0; i < 3; i++) await limiter.countFailure('a');
    assert.deepEqual(delays, []);
  });

  test('refuses unread while too many answers to an address are pending', async () => {
    const gate = Promise.withResolvers<void>();
    const limiter = new AttemptLimiter({ wait: () => gate.promise });
    const pending = Array.from({ length: 3 + 8 }, () => limiter.countFailure('a'));
    assert.equal(limiter.isFlooding('a'), true);
    assert.equal(limiter.isFlooding('b'), false);
    gate.resolve();
    await Promise.all(pending);
    assert.equal(limiter.isFlooding('a'), false);
  });

  test('drops the quietest address rather than grow without bound', async () => {
    const { limiter, delays } = frozenLimiter();
    for (let i = 0; i < 3; i++) await limiter.countFailure('first');
    for (let i = 0; i < 1024; i++) await limiter.countFailure(`other ${i}`);
    await limiter.countFailure('first');
    assert.deepEqual(delays, []);
  });

  test('really waits when nobody replaces the clock', async () => {
    const limiter = new AttemptLimiter();
    const keepAlive = setTimeout(() => {}, 10_000);
    for (let i = 0; i < 4; i++) await limiter.countFailure('a');
    clearTimeout(keepAlive);
  });
});
