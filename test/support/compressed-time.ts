// Time for tests that need minutes of it: it passes as fast as the work that is due in it is done. Rule: sockets stay real, and whatever
// is on its way through them gets its turn between two ticks. One to a process: what has begun to run by it never runs by another one.
import { mock, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TICK_MS, wheel } from '../../src/transport/timers.ts';

/** Until what was sent in a tick has come, also through a proxy. */
const TURNS = 8;
const { setInterval: realInterval } = globalThis;

export class CompressedTime {
  #nowMs = performance.now();

  /** Before anything arms a deadline. */
  constructor(t: TestContext) {
    if (wheel.held > 0) throw new Error('time runs already');
    mock.timers.enable({ apis: ['setInterval'] });
    mock.method(performance, 'now', () => this.#nowMs);
    // What still ends after the test needs time as well.
    t.after(() => realInterval(() => this.#tick(), 1).unref());
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.#tick();
      for (let at = 0; at < TURNS; at += 1) await turn();
    }
  }

  #tick(): void {
    this.#nowMs += TICK_MS;
    mock.timers.tick(TICK_MS);
  }
}
