// Slows down whoever guesses tokens: each wrong one from an address makes its next wrong answer later, and an address
// with too many answers pending is refused unread. Rule: a right token is never delayed, and the table never grows
// beyond its bound, whatever the number of addresses.

import { setTimeout as delay } from 'node:timers/promises';
import { formatIp, parseIp } from '../core/ip.ts';

const MAX_ADDRESSES = 1024;
/** So many wrong tokens are free: people mistype. */
const FREE_FAILURES = 3;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;
const MAX_PENDING = 8;
const FORGET_AFTER_MS = 60_000;

interface Attempts {
  failures: number;
  pending: number;
  lastMs: number;
}

export interface AttemptLimiterOptions {
  readonly nowMs?: () => number;
  readonly wait?: (delayMs: number) => Promise<unknown>;
}

export class AttemptLimiter {
  readonly #attempts = new Map<string, Attempts>();
  readonly #nowMs: () => number;
  readonly #wait: (delayMs: number) => Promise<unknown>;

  constructor(options: AttemptLimiterOptions = {}) {
    this.#nowMs = options.nowMs ?? Date.now;
    this.#wait = options.wait ?? ((delayMs) => delay(delayMs, undefined, { ref: false }));
  }

  /** True when this address has so many wrong answers pending that another token is not even looked at. */
  isFlooding(address: string): boolean {
    return (this.#attempts.get(networkOf(address))?.pending ?? 0) >= MAX_PENDING;
  }

  /** Counts a wrong token; resolves when the answer to it may be sent. */
  async countFailure(address: string): Promise<void> {
    const attempts = this.#touch(networkOf(address));
    attempts.failures += 1;
    const doublings = attempts.failures - FREE_FAILURES - 1;
    if (doublings < 0) return;
    attempts.pending += 1;
    await this.#wait(Math.min(FIRST_DELAY_MS * 2 ** doublings, LONGEST_DELAY_MS));
    attempts.pending -= 1;
  }

  /** A right token came from this address: what was wrong before is forgiven. */
  forgive(address: string): void {
    this.#attempts.delete(networkOf(address));
  }

  #touch(network: string): Attempts {
    const nowMs = this.#nowMs();
    let attempts = this.#attempts.get(network);
    this.#attempts.delete(network);
    if (attempts === undefined || nowMs - attempts.lastMs > FORGET_AFTER_MS) {
      attempts = { failures: 0, pending: 0, lastMs: nowMs };
    }
    attempts.lastMs = nowMs;
    // A Map keeps the order of insertion, so the first key is the address that has been quiet for longest.
    if (this.#attempts.size >= MAX_ADDRESSES) this.#attempts.delete(this.#attempts.keys().next().value ?? '');
    this.#attempts.set(network, attempts);
    return attempts;
  }
}

/** One IPv6 customer holds a whole /64. */
function networkOf(address: string): string {
  const ip = parseIp(address);
  if (ip === undefined) return address;
  return formatIp(ip.family === 4 ? ip : { family: 6, bytes: Uint8Array.from(ip.bytes).fill(0, 8) });
}
