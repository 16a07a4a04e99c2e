// How often something may be done from one address. Rule: what is remembered is bounded; when there are too many addresses those that
// came first are forgotten.
import { formatIp, parseIp } from '../../core/ip.ts';

export interface AttemptBudgetOptions {
  readonly now: () => number;
  /** So many at once; each is given back after so long. */
  readonly most: number;
  readonly eachMs: number;
}

const MAX_ADDRESSES = 10_000;

/** One customer of IPv6 holds a whole /64. */
function networkOf(address: string): string {
  const ip = parseIp(address);
  if (ip === undefined || ip.family === 4) return address;
  return formatIp({ family: 6, bytes: Uint8Array.from(ip.bytes).fill(0, 8) });
}

export class AttemptBudget {
  #options: AttemptBudgetOptions;
  /** Until when what was taken is not given back. */
  readonly #owedUntilMs = new Map<string, number>();

  constructor(options: AttemptBudgetOptions) {
    this.#options = options;
  }

  /** What was taken already is given back as it was promised. */
  configure(rates: Pick<AttemptBudgetOptions, 'most' | 'eachMs'>): void {
    this.#options = { ...this.#options, ...rates };
  }

  /** How long to wait before the next one; 0: it may be done. */
  waitMs(address: string): number {
    const { now, most, eachMs } = this.#options;
    const owed = (this.#owedUntilMs.get(networkOf(address)) ?? 0) - now();
    return Math.max(0, owed - (most - 1) * eachMs);
  }

  /** Takes one if there is one; else it says how long to wait. */
  take(address: string): number {
    const wait = this.waitMs(address);
    if (wait > 0) return wait;
    const { now, eachMs } = this.#options;
    const key = networkOf(address);
    const until = Math.max(this.#owedUntilMs.get(key) ?? 0, now()) + eachMs;
    this.#owedUntilMs.delete(key);
    this.#owedUntilMs.set(key, until);
    const [first] = this.#owedUntilMs.keys();
    if (this.#owedUntilMs.size > MAX_ADDRESSES && first !== undefined) this.#owedUntilMs.delete(first);
    return 0;
  }
}
