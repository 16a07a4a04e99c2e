// What has been used, by what somebody asks for, and what it costs. Rule: a cost is told only where every model has a price; otherwise
// it is said how many requests have none.
import type { UsageKey, UsageSum } from '../../state/usage-row.ts';
import type { TokenCounts } from './usage-record.ts';

export type { UsageKey };

/** In dollars, or whatever else the prices are in, for a million tokens. */
export type Price = TokenCounts;

/** By the name of a model, or by its beginning and a `*`. */
export type Prices = ReadonlyMap<string, Price>;

export interface UsageLine extends TokenCounts {
  readonly keys: Readonly<Partial<Record<UsageKey, string>>>;
  readonly requests: number;
  /** Of these requests nobody knows what they have used. */
  readonly unknown: number;
  /** Of these requests: answered from the cache, at no cost. */
  readonly cached: number;
  /** Of those that have a price. */
  readonly cost: number;
  /** Requests of models without a price. */
  readonly unpriced: number;
}

export const USAGE_KEYS: readonly UsageKey[] = ['day', 'provider', 'user', 'account', 'model', 'session'];

const TOKENS_OF_A_PRICE = 1_000_000;

/** One line for each combination of what was asked for; the sums come apart by model in any case. */
export function usageLines(sums: readonly UsageSum[], prices: Prices): UsageLine[] {
  const lines = new Map<string, UsageLine>();
  for (const sum of sums) {
    const id = JSON.stringify(Object.values(sum.keys));
    lines.set(id, added(lines.get(id) ?? emptyLine(sum.keys), sum, priceOf(sum.model, prices)));
  }
  return [...lines.values()];
}

function emptyLine(keys: UsageLine['keys']): UsageLine {
  const nothing = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  return { keys, requests: 0, unknown: 0, cached: 0, ...nothing, cost: 0, unpriced: 0 };
}

function added(line: UsageLine, sum: UsageSum, price: Price | undefined): UsageLine {
  return {
    keys: line.keys,
    requests: line.requests + sum.requests,
    unknown: line.unknown + sum.unknown,
    cached: line.cached + sum.cached,
    input: line.input + sum.input,
    output: line.output + sum.output,
    cacheRead: line.cacheRead + sum.cacheRead,
    cacheWrite: line.cacheWrite + sum.cacheWrite,
    cost: line.cost + (price === undefined ? 0 : costOf(sum, price)),
    unpriced: line.unpriced + (price === undefined ? sum.requests - sum.cached : 0),
  };
}

export function costOf(used: TokenCounts, price: Price): number {
  const { input, output, cacheRead, cacheWrite } = used;
  const sum = input * price.input + output * price.output + cacheRead * price.cacheRead + cacheWrite * price.cacheWrite;
  return sum / TOKENS_OF_A_PRICE;
}

/** The name itself, else the longest beginning of it. */
export function priceOf(model: string, prices: Prices): Price | undefined {
  const exact = prices.get(model);
  if (exact !== undefined) return exact;
  const fitting = [...prices.keys()].filter((name) => name.endsWith('*') && model.startsWith(name.slice(0, -1)));
  const [longest] = fitting.toSorted((a, b) => b.length - a.length);
  return longest === undefined ? undefined : prices.get(longest);
}
