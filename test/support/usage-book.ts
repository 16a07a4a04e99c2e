// A book of usage for tests in which nothing is used.
import { UsageBook } from '../../src/services/usage/usage-book.ts';
import { EmbeddedUsage } from '../../src/state/embedded-usage.ts';

export function usageBook(): UsageBook {
  return new UsageBook({ store: new EmbeddedUsage('/nowhere/usage.db'), logger: { error: () => {} } });
}
