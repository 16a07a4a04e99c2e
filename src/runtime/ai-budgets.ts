// What users have left of providers of AI, as the main thread knows it. Rule: what was used before this process began counts as well: it is
// looked up in the book of what was used before a configuration with budgets comes into force.
import type { Config } from '../config/config.ts';
import { AI_LIMITS_SCOPE, perMinute } from './registry.ts';
import { type Allowance, resetMs, usedOf } from '../services/usage/allowance.ts';
import type { Spent } from '../services/usage/budget-table.ts';
import type { UsageBook } from '../services/usage/usage-book.ts';
import { type UsageLine, usageLines } from '../services/usage/usage-report.ts';
import { dayStartMs, monthStartMs, nextDayMs } from '../services/usage/utc-periods.ts';
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

export class AiBudgets {
  private readonly counts: SharedCounts;
  private readonly book: Pick<UsageBook, 'sums'>;
  /** The prices that what is in the book has been counted by; empty: it has not been. */
  private countedBy = '';

  constructor(counts: SharedCounts, book: Pick<UsageBook, 'sums'>) {
    this.counts = counts;
    this.book = book;
  }

  /** Throws when the book cannot be read: budgets are not forgotten silently. */
  prepare({ ai, ...config }: Config): void {
    const allowances = [...configuredAllowances({ ai, ...config }).values()];
    const prices = JSON.stringify(ai.prices);
    if (!ai.enabled || this.countedBy === prices || allowances.every(({ budgets }) => budgets.length === 0)) return;
    const nowMs = Date.now();
    const question = { fromMs: monthStartMs(nowMs), toMs: nextDayMs(nowMs), by: ['day', 'user'] as const };
    const { budgets } = this.counts;
    const today = new Date(dayStartMs(nowMs)).toISOString().slice(0, 10);
    for (const [user, spent] of spentByUser(usageLines(this.book.sums(question), configuredPrices(ai.prices)), today)) {
      budgets.amend(budgets.slotOf(user), nowMs, spent);
    }
    this.countedBy = prices;
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
