// What a user may have of providers of AI, and what of it is used up. Rule: a budget that is used up is so until its day or month is over,
// whatever the other budgets say; with several of them, until the last of these.
import type { Spent } from './budget-table.ts';
import { nextDayMs, nextMonthMs } from './utc-periods.ts';

/** As the configuration names them. */
export type BudgetKey = 'ai_tokens_per_day' | 'ai_tokens_per_month' | 'ai_cost_per_day' | 'ai_cost_per_month';
export type LimitKey = BudgetKey | 'ai_requests_per_minute' | 'ai_streams' | 'ai_providers' | 'ai_models';

export interface Budget {
  readonly key: BudgetKey;
  readonly most: number;
}

/** null: all. */
export interface Allowance {
  /** Empty: whoever comes without saying who it is. */
  readonly user: string;
  readonly requestsPerMinute: number | null;
  readonly streams: number | null;
  readonly budgets: readonly Budget[];
  readonly providers: readonly string[] | null;
  /** Names, and beginnings of names with a `*`. */
  readonly models: readonly string[] | null;
}

interface UsedUp {
  readonly budget: Budget;
  readonly freeAtMs: number;
}

const AMOUNTS: Readonly<Record<BudgetKey, keyof Spent>> = {
  ai_tokens_per_day: 'dayTokens',
  ai_tokens_per_month: 'monthTokens',
  ai_cost_per_day: 'dayCost',
  ai_cost_per_month: 'monthCost',
};

/** Sums of costs have last digits that are not exact. */
const COST_PRECISION = 1e-9;

export function usedOf(spent: Spent, key: BudgetKey): number {
  return spent[AMOUNTS[key]];
}

/** When what it counts begins anew. */
export function resetMs({ key }: Budget, nowMs: number): number {
  return key.endsWith('_day') ? nextDayMs(nowMs) : nextMonthMs(nowMs);
}

/** Of the budgets that nothing is left of, the one that lasts longest; null: there is something left of all. */
export function usedUp(budgets: readonly Budget[], spent: Spent, nowMs: number): UsedUp | null {
  let last: UsedUp | null = null;
  for (const budget of budgets) {
    if (usedOf(spent, budget.key) < budget.most - COST_PRECISION) continue;
    const freeAtMs = resetMs(budget, nowMs);
    if (last === null || freeAtMs > last.freeAtMs) last = { budget, freeAtMs };
  }
  return last;
}

export function isModelAllowed(model: string, models: readonly string[]): boolean {
  return models.some((name) => (name.endsWith('*') ? model.startsWith(name.slice(0, -1)) : model === name));
}
