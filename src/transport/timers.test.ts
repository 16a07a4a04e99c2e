import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Deadline, TICK_MS, TimerWheel, type WheelClock } from './timers.ts';

/** A clock that only moves when it is told to. */
class TestClock implements WheelClock {
  time = 1000;
  running = false;
  #tick: (() => void) | null = null;

  monotonic(): number {
    return this.time;
  }

  wall(): number {
    return 784_111_777_000 + this.time - 1000;
  }

  start(tick: () => void): () => void {
    this.#tick = tick;
    this.running = true;
    return () => {
      this.running = false;
      this.#tick = null;
    };
  }

  /** Lets `ms` pass with a tick at every TICK_MS, as an unloaded thread would see them. */
  run(ms: number): void {
    const until = this.time + ms;
    while (this.time + TICK_MS <= until) this.stall(TICK_MS);
    this.time = until;
  }

  /** Lets `ms` pass without any tick, then one. */
  stall(ms: number): void {
    this.time += ms;
    this.#tick?.();
  }
}

interface Fired {
  at: number;
  name: string;
}

function setUp(): { clock: TestClock; wheel: TimerWheel; fired: Fired[]; deadline: (name: string) => Deadline } {
  const clock = new TestClock();
  const fired: Fired[] = [];
  const deadline = (name: string): Deadline => new Deadline(() => fired.push({ name, at: clock.time }));
  return { clock, wheel: new TimerWheel(clock), fired, deadline };
}

const LATEST_MS = 4 * TICK_MS;

describe('TimerWheel', () => {
  test('a deadline fires once, never early and at most a few ticks late', () => {
    for (const ms of [0, 1, 49, 50, 51, 999, 10_000, 25_550, 25_600, 60_000, 3_600_000]) {
      const { clock, wheel, fired, deadline } = setUp();
      clock.run(17);
      const armedAt = clock.time;
      wheel.arm(deadline('a'), ms);
      clock.run(ms * 2 + 1000);
      assert.equal(fired.length, 1, `${ms} ms`);
      const after = fired[0]!.at - armedAt;
      assert.ok(after >= ms && after <= ms + LATEST_MS, `${ms} ms fired after ${after} ms`);
    }
  });

  test('arming again moves a deadline later without firing at the earlier time', () => {
    const { clock, wheel, fired, deadline } = setUp();
    const idle = deadline('idle');
    for (let round = 0; round < 100; round += 1) {
      wheel.arm(idle, 1000);
      clock.run(700);
    }
    assert.deepEqual(fired, []);
    clock.run(1000);
    assert.equal(fired.length, 1);
  });

  test('arming again moves a deadline earlier', () => {
    const { clock, wheel, fired, deadline } = setUp();
    const a = deadline('a');
    wheel.arm(a, 100_000);
    wheel.arm(a, 100);
    clock.run(100 + LATEST_MS);
    assert.equal(fired.length, 1);
    clock.run(200_000);
    assert.equal(fired.length, 1);
  });

  test('a disarmed deadline does not fire, and the wheel drops it within one turn', () => {
    const { clock, wheel, fired, deadline } = setUp();
    const a = deadline('a');
    wheel.arm(a, 3_600_000);
    assert.equal(a.armed, true);
    wheel.disarm(a);
    assert.equal(a.armed, false);
    assert.equal(wheel.held, 1);
    clock.run(30_000);
    assert.equal(wheel.held, 0);
    assert.deepEqual(fired, []);
  });

  test('a disarmed deadline that is armed again fires at the new time only', () => {
    const { clock, wheel, fired, deadline } = setUp();
    const a = deadline('a');
    wheel.arm(a, 1000);
    wheel.disarm(a);
    wheel.arm(a, 5000);
    clock.run(4900);
    assert.deepEqual(fired, []);
    clock.run(1000);
    assert.equal(fired.length, 1);
  });

  test('release lets go at once, and the clock stops when nothing is held', () => {
    const { clock, wheel, fired, deadline } = setUp();
    const a = deadline('a');
    const b = deadline('b');
    assert.equal(clock.running, false);
    wheel.arm(a, 1000);
    wheel.arm(b, 1000);
    assert.equal(clock.running, true);
    wheel.release(a);
    assert.equal(wheel.held, 1);
    wheel.release(b);
    wheel.release(b);
    assert.equal(wheel.held, 0);
    assert.equal(clock.running, false);
    clock.run(5000);
    assert.deepEqual(fired, []);
  });

  test('the clock stops after the last deadline has fired and starts again with the next', () => {
    const { clock, wheel, fired, deadline } = setUp();
    const a = deadline('a');
    wheel.arm(a, 100);
    clock.run(1000);
    assert.equal(clock.running, false);
    clock.time += 123_456;
    wheel.arm(a, 100);
    clock.run(1000);
    assert.equal(fired.length, 2);
  });

  test('a callback may arm itself, arm others, disarm and release others of the same tick', () => {
    const { clock, wheel, fired, deadline } = setUp();
    const disarmed = deadline('disarmed');
    const released = deadline('released');
    const later = deadline('later');
    const again = new Deadline(() => {
      fired.push({ name: 'again', at: clock.time });
      wheel.disarm(disarmed);
      wheel.release(released);
      wheel.arm(later, 1000);
      if (fired.length === 1) wheel.arm(again, 100);
    });
    for (const each of [again, disarmed, released, later]) wheel.arm(each, 100);
    clock.run(100 + LATEST_MS);
    assert.deepEqual(
      fired.map(({ name }) => name),
      ['again'],
    );
    clock.run(3000);
    assert.deepEqual(
      fired.map(({ name }) => name),
      ['again', 'again', 'later'],
    );
    assert.equal(wheel.held, 0);
  });

  test('a callback that throws does not keep the others from firing', () => {
    const { clock, wheel, fired, deadline } = setUp();
    wheel.arm(
      new Deadline(() => {
        throw new Error('expected');
      }),
      0,
    );
    wheel.arm(deadline('after'), 0);
    assert.throws(() => clock.run(1000), /expected/);
    clock.run(1000);
    assert.equal(fired.length, 1);
    assert.equal(wheel.held, 0);
  });

  test('a stall of the thread does not count against what was armed just before its end', () => {
    const { clock, wheel, fired, deadline } = setUp();
    wheel.arm(deadline('keeps the wheel turning'), 100_000);
    clock.time += 60_000;
    const armedAt = clock.time;
    wheel.arm(deadline('a'), 1000);
    clock.stall(1);
    clock.run(3000);
    assert.equal(fired.length, 1);
    assert.ok(fired[0]!.at - armedAt >= 1000);
  });

  test('the coarse clock follows within a tick while something is armed, and is exact otherwise', () => {
    const { clock, wheel, deadline } = setUp();
    assert.equal(wheel.now(), clock.time);
    wheel.arm(deadline('a'), 100_000);
    clock.run(12_345);
    assert.ok(clock.time - wheel.now() < TICK_MS);
  });

  test('the Date value is IMF-fixdate and the same string within one second', () => {
    const { clock, wheel, deadline } = setUp();
    wheel.arm(deadline('a'), 100_000);
    const first = wheel.httpDate();
    assert.equal(first, 'Sun, 06 Nov 1994 08:49:37 GMT');
    clock.run(900);
    assert.equal(wheel.httpDate(), first);
    clock.run(200);
    assert.equal(wheel.httpDate(), 'Sun, 06 Nov 1994 08:49:38 GMT');
  });

  test('the system clock drives it without keeping the process alive', (_context, done) => {
    const wheel = new TimerWheel();
    // The wheel's own interval is unref'd, so something else must hold the process until it has fired.
    const hold = setInterval(() => {}, 1000);
    wheel.arm(
      new Deadline(() => {
        clearInterval(hold);
        done();
      }),
      1,
    );
  });
});
