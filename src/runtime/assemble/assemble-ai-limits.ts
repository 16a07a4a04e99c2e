// Turns what the configuration says of limits of AI into what users may have, and keeps what they have used where all threads see it.
// Rule: what a user has a word on goes before what is said of all, key by key.
import type { Config } from '../../config/config.ts';
import type { AiLimitsConfig } from '../../config/schema/ai-limits.ts';
import type { Policy } from '../../contract/policy.ts';
import type { Limiter } from '../../services/limiter/limit-bucket.ts';
import type { RunningLimiter } from '../../services/limiter/shared-running.ts';
import type { Allowance, Budget, BudgetKey } from '../../services/usage/allowance.ts';
import type { BudgetTable } from '../../services/usage/budget-table.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import { costOf, priceOf } from '../../services/usage/usage-report.ts';
import { aiRefusals } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { aiLimits } from '../registry.ts';
import { configuredPrices } from './configured-prices.ts';

export interface AiLimitParts {
  readonly limiter: Limiter;
  readonly running: RunningLimiter;
  readonly budgets: BudgetTable;
  readonly recorder: MetricsRecorder;
}

/** Whoever comes without saying who it is. */
const ANONYMOUS = '';
const BUDGETS: readonly BudgetKey[] = [
  'ai_tokens_per_day',
  'ai_tokens_per_month',
  'ai_cost_per_day',
  'ai_cost_per_month',
];

/** Of those who may use providers of AI and have limits, by name. */
export function configuredAllowances({ ai, users }: Config): ReadonlyMap<string, Allowance> {
  const allowed = users.filter(({ may }) => may.includes('ai')).map(({ name, limits }) => [name, limits] as const);
  const all = ai.auth === 'none' ? [...allowed, [ANONYMOUS, {}] as const] : allowed;
  return new Map(
    all.flatMap(([name, own]): [string, Allowance][] => {
      const allowance = allowanceOf(name, { ...ai.limits, ...own });
      return allowance === null ? [] : [[name, allowance]];
    }),
  );
}

/** null: there is no limit at all. */
function allowanceOf(user: string, limits: AiLimitsConfig): Allowance | null {
  if (Object.values(limits).every((limit) => limit === null || limit === undefined)) return null;
  return {
    user,
    requestsPerMinute: limits.ai_requests_per_minute ?? null,
    streams: limits.ai_streams ?? null,
    budgets: BUDGETS.flatMap((key): Budget[] => {
      const most = limits[key] ?? null;
      return most === null ? [] : [{ key, most }];
    }),
    providers: limits.ai_providers ?? null,
    models: limits.ai_models ?? null,
  };
}

/** By provider; none where nobody has limits. */
export function aiLimitPolicies(config: Config, parts: AiLimitParts): (provider: string) => Policy[] {
  const allowances = configuredAllowances(config);
  if (allowances.size === 0) return () => [];
  const { limiter: limits, running, budgets, recorder } = parts;
  const slotOf = aiRefusals(recorder);
  const countRefusal = (user: string, limit: string): void => {
    const slot = slotOf(user, limit);
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + 1;
  };
  const shared = { limits, running, budgets, countRefusal };
  return (provider) => [aiLimits({ provider, allowanceOf: (user) => allowances.get(user) ?? null, ...shared })];
}

/** Counts what was used against the budget of its user, at once and for all threads, and tells whoever keeps it. */
export function chargedUsage({ ai }: Config, budgets: BudgetTable, tell: TellUsage): TellUsage {
  const prices = configuredPrices(ai.prices);
  const slots = new Map<string, number>();
  return (record) => {
    const { user, model, atMs, input, output, cacheRead, cacheWrite } = record;
    const slot = slots.get(user) ?? budgets.slotOf(user);
    slots.set(user, slot);
    const price = priceOf(model, prices);
    budgets.add(slot, atMs, input + output + cacheRead + cacheWrite, price === undefined ? 0 : costOf(record, price));
    tell(record);
  };
}
