// What users have left of providers of AI, as the main thread knows it. Rule: what was used before this process began counts as well: it is
// looked up in the book of what was used before a configuration with budgets comes into force, and again where other nodes write into it.
import type { Config } from '../config/config.ts';
import { AI_LIMITS_SCOPE, perMinute } from './registry.ts';
import { type Allowance, resetMs, usedOf } from '../services/usage/allowance.ts';
import type { Spent } from '../services/usage/budget-table.ts';
import type { UsageBook } from '../services/usage/usage-book.ts';
import { type UsageLine, usageLines } from '../services/usage/usage-report.ts';
import { dayOf, dayStartMs, monthStartMs, nextDayMs } from '../services/usage/utc-periods.ts';
import type { Logger } from '../telemetry/application-log.ts';
import { configuredAllowances } from './assemble/assemble-ai-limits.ts';
import { configuredPrices } from './assemble/configured-prices.ts';
import type { SharedCounts } from './threads/data-plane.ts';

export interface LimitReport {
  /** As the configuration names it. */
  readonly key: string;
  readonly most: number;
  readonly used: number;
  /** When all of it may be used again; null: as what is used ends. */
  readonly freeAtMs: number | null;
}

export interface AllowanceReport extends Pick<Allowance, 'user' | 'providers' | 'models'> {
  readonly limits: readonly LimitReport[];
}

const NOTHING: Spent = { dayTokens: 0, monthTokens: 0, dayCost: 0, monthCost: 0 };

/** What other nodes have used counts here after so long at most, and after the second that they take to tell. */
const LOOK_AGAIN_MS = 4_000;
/** The days before today hardly change any more: only by what waited somewhere until Redis was back. */
const LOOK_AT_MONTH_MS = 600_000;

/** What was used from the first of the month to this day, as it was known at a time. */
interface Month {
  readonly day: number;
  readonly atMs: number;
  readonly byUser: ReadonlyMap<string, Spent>;
}

export interface AiBudgetParts {
  readonly counts: SharedCounts;
  readonly book: Pick<UsageBook, 'sums' | 'state'>;
  readonly logger: Pick<Logger, 'warn'>;
}

export class AiBudgets {
  private readonly counts: SharedCounts;
  private readonly book: AiBudgetParts['book'];
  private readonly logger: AiBudgetParts['logger'];
  /** The prices that what is in the book has been counted by; empty: it has not been. */
  private countedBy = '';
  private month: Month | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isLooking = false;

  constructor({ counts, book, logger }: AiBudgetParts) {
    this.counts = counts;
    this.book = book;
    this.logger = logger;
  }

  /** Rejects when the book of this machine cannot be read: budgets are not forgotten silently. One that is shared is waited for. */
  async prepare(config: Config): Promise<void> {
    if (!hasBudgets(config) || this.countedBy === pricesOf(config)) return;
    try {
      await this.count(config);
    } catch (error) {
      if (!this.isShared) throw error;
      this.logger.warn({ err: error }, 'budgets of AI count what this node has used alone until Redis answers');
    }
  }

  /** What other nodes use is looked up from time to time. */
  follow(config: Config): void {
    this.stop();
    if (!this.isShared || !hasBudgets(config)) return;
    this.timer = setInterval(() => void this.lookAgain(config), LOOK_AGAIN_MS).unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private get isShared(): boolean {
    return this.book.state().server !== null;
  }

  private async lookAgain(config: Config): Promise<void> {
    if (this.isLooking || !this.book.state().isUp) return;
    this.isLooking = true;
    try {
      const { month } = this;
      const isKnown = month !== null && month.day === dayOf(Date.now()) && Date.now() - month.atMs < LOOK_AT_MONTH_MS;
      if (isKnown && this.countedBy === pricesOf(config)) await this.countToday(config, month);
      else await this.count(config);
    } catch {
      // The book has told of it, and the next time comes soon.
    }
    this.isLooking = false;
  }

  private async count(config: Config): Promise<void> {
    const nowMs = Date.now();
    const byUser = await this.spentSince(monthStartMs(nowMs), nowMs, config);
    const { budgets } = this.counts;
    const prices = pricesOf(config);
    const areOthers = this.countedBy !== '' && this.countedBy !== prices;
    for (const [user, spent] of byUser) {
      const slot = budgets.slotOf(user);
      if (areOthers) budgets.amend(slot, nowMs, spent);
      else budgets.raise(slot, nowMs, spent);
    }
    this.countedBy = prices;
    this.month = { day: dayOf(nowMs), atMs: nowMs, byUser };
  }

  private async countToday(config: Config, { byUser }: Month): Promise<void> {
    const nowMs = Date.now();
    const { budgets } = this.counts;
    for (const [user, { dayTokens, dayCost }] of await this.spentSince(dayStartMs(nowMs), nowMs, config)) {
      const before = byUser.get(user) ?? NOTHING;
      const monthTokens = before.monthTokens - before.dayTokens + dayTokens;
      const monthCost = before.monthCost - before.dayCost + dayCost;
      budgets.raise(budgets.slotOf(user), nowMs, { dayTokens, monthTokens, dayCost, monthCost });
    }
  }

  private async spentSince(fromMs: number, nowMs: number, { ai }: Config): Promise<Map<string, Spent>> {
    const sums = await this.book.sums({ fromMs, toMs: nextDayMs(nowMs), by: ['day', 'user'] });
    const today = new Date(dayStartMs(nowMs)).toISOString().slice(0, 10);
    return spentByUser(usageLines(sums, configuredPrices(ai.prices)), today);
  }

  /** Of all who may use providers of AI and have limits. */
  reports(config: Config): AllowanceReport[] {
    return [...configuredAllowances(config).values()].map((allowance) => this.report(allowance, Date.now()));
  }

  private report(
    { user, budgets, requestsPerMinute, streams, providers, models }: Allowance,
    nowMs: number,
  ): AllowanceReport {
    const { limits, running, budgets: table } = this.counts;
    const spent = table.read(table.slotOf(user), nowMs);
    const minute = requestsPerMinute === null ? [] : [requestsPerMinute];
    const atOnce = streams === null ? [] : [streams];
    return {
      user,
      providers,
      models,
      limits: [
        ...minute.map((most): LimitReport => {
          const used = most - limits.left(limits.scope(AI_LIMITS_SCOPE), user, perMinute(most));
          return { key: 'ai_requests_per_minute', most, used, freeAtMs: null };
        }),
        ...atOnce.map((most): LimitReport => {
          return { key: 'ai_streams', most, used: running.count(running.scope(AI_LIMITS_SCOPE), user), freeAtMs: null };
        }),
        ...budgets.map((budget): LimitReport => {
          const { key, most } = budget;
          return { key, most, used: usedOf(spent, key), freeAtMs: resetMs(budget, nowMs) };
        }),
      ],
    };
  }
}

function hasBudgets(config: Config): boolean {
  return config.ai.enabled && [...configuredAllowances(config).values()].some(({ budgets }) => budgets.length > 0);
}

function pricesOf({ ai }: Config): string {
  return JSON.stringify(ai.prices);
}

function spentByUser(lines: readonly UsageLine[], today: string): Map<string, Spent> {
  const spent = new Map<string, Spent>();
  for (const { keys, input, output, cacheRead, cacheWrite, cost } of lines) {
    const { user = '', day } = keys;
    const { dayTokens, monthTokens, dayCost, monthCost } = spent.get(user) ?? NOTHING;
    const tokens = input + output + cacheRead + cacheWrite;
    const isToday = day === today;
    spent.set(user, {
      dayTokens: dayTokens + (isToday ? tokens : 0),
      monthTokens: monthTokens + tokens,
      dayCost: dayCost + (isToday ? cost : 0),
      monthCost: monthCost + cost,
    });
  }
  return spent;
}
