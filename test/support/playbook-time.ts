// Time for playbooks: stands still until the script lets it pass. It takes the place of the clock and of the interval that
// the timer wheel of the data path runs on. Rule: taken before the wheel turns, given back when it has stopped.
import { TICK_MS } from '../../src/transport/timers.ts';

export class PlaybookTime {
  private nowMs = 1_000_000;
  private readonly ticks = new Map<object, () => void>();
  private readonly own = { now: performance.now, setInterval, clearInterval };

  take(): void {
    performance.now = () => this.nowMs;
    globalThis.setInterval = ((tick: () => void) => {
      const interval = { unref: () => interval, ref: () => interval };
      this.ticks.set(interval, tick);
      return interval;
    }) as unknown as typeof setInterval;
    globalThis.clearInterval = ((interval: object) => this.ticks.delete(interval)) as unknown as typeof clearInterval;
  }

  giveBack(): void {
    performance.now = this.own.now;
    globalThis.setInterval = this.own.setInterval;
    globalThis.clearInterval = this.own.clearInterval;
  }

  /** Lets `ms` pass as an unloaded thread would see it: a tick each TICK_MS, and `settle` after each. */
  pass(ms: number, settle: () => void): void {
    const until = this.nowMs + ms;
    while (this.nowMs + TICK_MS <= until) {
      this.nowMs += TICK_MS;
      for (const tick of this.ticks.values()) tick();
      settle();
    }
    this.nowMs = until;
  }
}
