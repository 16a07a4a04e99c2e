// The prices of the configuration, as usage is counted by. Rule: they say nothing that the configuration does not.
import type { AiPrices } from '../../config/schema/ai-usage.ts';
import type { Price, Prices } from '../../services/usage/usage-report.ts';

export function configuredPrices(prices: AiPrices): Prices {
  return new Map(
    Object.entries(prices).map(([model, price]): [string, Price] => {
      const { input, output, cache_read: cacheRead, cache_write: cacheWrite } = price;
      return [model, { input, output, cacheRead, cacheWrite }];
    }),
  );
}
