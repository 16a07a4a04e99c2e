// Limits of AI that cannot do what they say. Rule: a budget of money needs prices, and a budget needs what was used to be known for as long.

import type { KeyPath } from '../key-path.ts';
import type { Config } from '../config.ts';
import type { AiLimitsConfig } from '../schema/ai-limits.ts';
import type { AiPrices } from '../schema/ai-usage.ts';
import type { Check, Finding } from './finding.ts';

interface Place {
  readonly limits: AiLimitsConfig;
  readonly path: KeyPath;
}

const LONGEST_MONTH_MS = 31 * 86_400_000;

export const checkAiLimits: Check = ({ config }) => {
  const { ai } = config;
  if (!ai.enabled) return [];
  return placesOf(config).flatMap((place) => [
    ...unpriced(place, ai.limits, ai.prices),
    ...forgotten(place, Math.max(ai.usage.keep, ai.usage.keep_sums)),
  ]);
};

function placesOf({ ai, users }: Config): Place[] {
  return [
    { limits: ai.limits, path: ['ai', 'limits'] },
    ...users.map(({ limits }, index): Place => ({ limits, path: ['users', index, 'limits'] })),
  ];
}

/** What a model without a price uses costs nothing, as far as anybody knows. */
function unpriced({ limits, path }: Place, ofAll: AiLimitsConfig, prices: AiPrices): Finding[] {
  const keys = (['ai_cost_per_day', 'ai_cost_per_month'] as const).filter((key) => (limits[key] ?? null) !== null);
  const models = (limits.ai_models === undefined ? ofAll.ai_models : limits.ai_models) ?? [];
  const missing = models.filter((model) => !hasPrice(model, Object.keys(prices)));
  if (Object.keys(prices).length > 0 && missing.length === 0) return [];
  const which = Object.keys(prices).length === 0 ? 'no model has a price' : `${missing.join(', ')} has no price`;
  const message = `what is used cannot be counted against this budget: ${which}`;
  return keys.map((key) => ({
    severity: 'warning',
    code: 'config_missing',
    message,
    path: [...path, key],
    hint: 'give prices in ai.prices',
  }));
}

/** A beginning of names has a price when any of them may have one. */
function hasPrice(model: string, prices: readonly string[]): boolean {
  const start = (name: string): string => name.replace(/\*$/, '');
  return prices.some((price) => {
    if (price === model) return true;
    const covers = price.endsWith('*') && start(model).startsWith(start(price));
    return covers || (model.endsWith('*') && price.startsWith(start(model)));
  });
}

function forgotten({ limits, path }: Place, keptMs: number): Finding[] {
  if (keptMs >= LONGEST_MONTH_MS) return [];
  const keys = (['ai_tokens_per_month', 'ai_cost_per_month'] as const).filter((key) => (limits[key] ?? null) !== null);
  const message = 'after a start, what was used is known for less than a month';
  const hint = 'set ai.usage.keep_sums to 31d or more';
  return keys.map((key) => ({ severity: 'warning', code: 'config_conflict', message, path: [...path, key], hint }));
}
