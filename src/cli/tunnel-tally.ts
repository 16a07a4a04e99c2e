// What has gone through tunnels, as a panel shows it. Rule: it keeps a bounded number of requests, however many there are.

import type { RequestRecord } from '../runtime/tunnel-client/expose-tunnels.ts';

export interface TallyView {
  readonly requests: number;
  readonly failed: number;
  /** Over the last seconds. */
  readonly perSecond: number;
  /** Milliseconds, over the last requests; null: there were none. */
  readonly p50: number | null;
  readonly p90: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The latest first. */
  readonly last: readonly RequestRecord[];
}

const MOST_DURATIONS = 1000;
const MOST_SHOWN = 50;
const RATE_SECONDS = 5;

export class TunnelTally {
  readonly #now: () => number;
  readonly #durations: number[] = [];
  readonly #last: RequestRecord[] = [];
  /** Requests in each of the last seconds. */
  readonly #seconds = new Map<number, number>();
  #next = 0;
  #requests = 0;
  #failed = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(record: RequestRecord): void {
    this.#requests += 1;
    if (record.status === 0 || record.status >= 500) this.#failed += 1;
    this.#bytesIn += record.bytesIn;
    this.#bytesOut += record.bytesOut;
    // The time of these is how long somebody stayed.
    if (record.method !== 'WS' && record.method !== 'TCP') {
      this.#durations[this.#next] = record.durationMs;
      this.#next = (this.#next + 1) % MOST_DURATIONS;
    }
    this.#last.unshift(record);
    if (this.#last.length > MOST_SHOWN) this.#last.pop();
    const second = this.#second();
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + 1);
    for (const each of this.#seconds.keys()) if (each <= second - RATE_SECONDS) this.#seconds.delete(each);
  }

  view(): TallyView {
    const sorted = this.#durations.toSorted((one, other) => one - other);
    const second = this.#second();
    let recent = 0;
    for (const [each, count] of this.#seconds) if (each > second - RATE_SECONDS) recent += count;
    return {
      requests: this.#requests,
      failed: this.#failed,
      perSecond: recent / RATE_SECONDS,
      p50: quantile(sorted, 0.5),
      p90: quantile(sorted, 0.9),
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      last: this.#last,
    };
  }

  #second(): number {
    return Math.floor(this.#now() / 1000);
  }
}

function quantile(sorted: readonly number[], part: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
}
