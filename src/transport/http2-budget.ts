// What a client may do that only costs us work. Rule: whoever also does what such a thing is for never feels it; whoever does little
// else runs out of it, and loses the connection.
import { wheel } from './timers.ts';

export class Http2Budget {
  private readonly most: number;
  private readonly refillPerSecond: number;
  private left: number;
  private refilledAtMs = 0;

  constructor(most: number, refillPerSecond: number) {
    this.most = most;
    this.refillPerSecond = refillPerSecond;
    this.left = most;
  }

  /** False: it is used up. */
  spend(): boolean {
    this.left -= 1;
    return this.left >= 0 || this.refilled();
  }

  earn(count: number): void {
    this.left = Math.min(this.most, this.left + count);
  }

  /** The clock is asked only when what there was is gone. */
  private refilled(): boolean {
    const nowMs = wheel.now();
    const refill = Math.floor(((nowMs - this.refilledAtMs) / 1000) * this.refillPerSecond);
    if (this.refilledAtMs === 0) this.refilledAtMs = nowMs;
    else if (refill > 0) {
      this.refilledAtMs = nowMs;
      this.left = Math.min(this.most, this.left + refill);
    }
    return this.left >= 0;
  }
}
