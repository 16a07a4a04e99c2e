// What a client may do that only costs us work. Rule: whoever also does what such a thing is for never feels it; whoever does little
// else runs out of it, and loses the connection.
import { wheel } from './timers.ts';

export class Http2Budget {
  private readonly most: number;
  private readonly refillPerSecond: number;
  private left: number;
  /** 0 until it was used up for the first time. */
  private refilledAtMs = 0;

  constructor(most: number, refillPerSecond: number) {
    this.most = most;
    this.refillPerSecond = refillPerSecond;
    this.left = most;
  }

  /** False: it is used up. */
  spend(): boolean {
    // The clock is asked only when what there was is gone.
    if (this.left < 1) this.refill();
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }

  earn(count: number): void {
    this.left = Math.min(this.most, this.left + count);
  }

  private refill(): void {
    const nowMs = wheel.now();
    if (this.refilledAtMs > 0) this.earn(((nowMs - this.refilledAtMs) / 1000) * this.refillPerSecond);
    this.refilledAtMs = nowMs;
  }
}
