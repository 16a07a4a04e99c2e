// What a thread has borrowed for the keys of one limit. Rule: there is room for a fixed number of keys; where it is not enough, those go that were
// borrowed for first.
import type { Verdict } from './limit-bucket.ts';

export interface Lease {
  readonly key: string;
  /** What the others know it by; empty as long as nobody was asked. */
  place: string;
  /** That may be given away here; below 0: that were given away and have yet to be charged. */
  tokens: number;
  /** Until when these are ours. */
  untilMs: number;
  /** Until when there is nothing to be had. */
  closedUntilMs: number;
  /** So little was left that nobody gives away what has not been lent. */
  isScarce: boolean;
  /** In the bucket, and when it will be full, as it was told last. */
  left: number;
  fullAtMs: number;
  isWanted: boolean;
  isAsked: boolean;
  /** Whoever has to wait for the others. */
  waiting: ((verdict: Verdict) => void)[];
}

const MOST_KEYS = 65_536;
const GO_AT_ONCE = 4_096;

export class LeaseBook {
  readonly #leases = new Map<string, Lease>();
  readonly #most: number;

  constructor(most: number = MOST_KEYS) {
    this.#most = most;
  }

  find(key: string): Lease | undefined {
    return this.#leases.get(key);
  }

  open(key: string): Lease {
    const known = this.#leases.get(key);
    if (known !== undefined) return known;
    if (this.#leases.size >= this.#most) this.#makeRoom();
    const lease: Lease = {
      key,
      place: '',
      tokens: 0,
      untilMs: 0,
      closedUntilMs: 0,
      isScarce: false,
      left: 0,
      fullAtMs: 0,
      isWanted: false,
      isAsked: false,
      waiting: [],
    };
    this.#leases.set(key, lease);
    return lease;
  }

  get size(): number {
    return this.#leases.size;
  }

  #makeRoom(): void {
    let gone = 0;
    for (const [key, lease] of this.#leases) {
      if (gone >= GO_AT_ONCE || gone >= this.#most) return;
      // What is under way comes back to it.
      if (lease.isWanted || lease.isAsked) continue;
      this.#leases.delete(key);
      gone += 1;
    }
  }
}
