// Checks the members of a group again and again, in the background, and says so to their state. What a check does is
// passed in. Rule: runs in one thread of the process; a check that could not say anything about its member counts as none.
import { SluiceError } from '../../core/errors.ts';
import type { Group } from '../balance/group.ts';
import type { CheckResult, CheckThresholds, Member } from '../balance/member.ts';
import { CheckSchedule, type ScheduleTimers } from './check-schedule.ts';

/** null: nothing can be said about the member, since something else stood in the way. Ends soon when the signal asks it to. */
export type Check<T> = (member: Member<T>, signal: AbortSignal) => Promise<CheckResult | null>;

export interface HealthOptions<T> extends CheckThresholds {
  readonly group: Group<T>;
  readonly check: Check<T>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The most checks at once. Default: 8. */
  readonly concurrency?: number;
  /** While it says so the group cannot be reached at all, and what is known of its members stays as it is. */
  readonly isFrozen?: () => boolean;
  readonly timers?: ScheduleTimers;
  /** From 0 to 1, as Math.random. */
  readonly random?: () => number;
}

const DEFAULT_CONCURRENCY = 8;

const systemTimers: ScheduleTimers = {
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

export class HealthChecker<T> {
  readonly #options: HealthOptions<T>;
  readonly #timers: ScheduleTimers;
  readonly #schedule: CheckSchedule<Member<T>>;
  readonly #abort = new AbortController();
  #unwatch: (() => void) | null = null;

  constructor(options: HealthOptions<T>) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#schedule = new CheckSchedule({
      intervalMs: options.intervalMs,
      concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
      timers: this.#timers,
      random: options.random ?? Math.random,
      run: async (member) => {
        if (member.admin === 'enabled' && !this.#isFrozen()) await this.#checkAndRecord(member);
      },
    });
  }

  start(): void {
    const follow = (): void => this.#schedule.follow(new Set(this.#options.group.members));
    this.#unwatch ??= this.#options.group.watch(follow);
    follow();
  }

  /** Ends what runs; nothing more is recorded. */
  stop(): void {
    this.#unwatch?.();
    this.#schedule.stop();
    this.#abort.abort();
  }

  /** One check out of turn, because somebody asks. It counts like any other. */
  async checkNow(member: Member<T>): Promise<CheckResult | null> {
    return this.#checkAndRecord(member);
  }

  /** Somebody says that it fails: it is checked at once, as often as it takes to know. */
  async verify(member: Member<T>): Promise<void> {
    for (let count = 0; count < this.#options.unhealthyAfter; count += 1) {
      if (member.admin !== 'enabled' || this.#isFrozen()) return;
      const result = await this.#checkAndRecord(member);
      if (result === null || result.passed) return;
    }
  }

  async #checkAndRecord(member: Member<T>): Promise<CheckResult | null> {
    const result = await this.#checkInTime(member);
    // What failed because the way to the group broke off meanwhile is not the member's failure.
    const isUnfair = result?.passed === false && this.#isFrozen();
    if (result === null || isUnfair || member.isRemoved || this.#abort.signal.aborted) return null;
    member.check(result, this.#options);
    return result;
  }

  async #checkInTime(member: Member<T>): Promise<CheckResult | null> {
    const deadline = new AbortController();
    const signal = AbortSignal.any([deadline.signal, this.#abort.signal]);
    const { promise: late, resolve } = Promise.withResolvers<CheckResult>();
    const cancel = this.#timers.after(this.#options.timeoutMs, () => {
      resolve({ passed: false, reason: 'upstream_timeout' });
      deadline.abort();
    });
    try {
      return await Promise.race([this.#options.check(member, signal), late]);
    } catch (error) {
      return { passed: false, reason: error instanceof SluiceError ? error.code : 'internal' };
    } finally {
      cancel();
    }
  }

  #isFrozen(): boolean {
    return this.#options.isFrozen?.() ?? false;
  }
}
