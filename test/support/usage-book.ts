// A book of usage for tests in which nothing is used.
import { UsageBook } from '../../src/services/usage/usage-book.ts';

export function usageBook(): UsageBook {
  return new UsageBook({ path: '/nowhere/usage.db', logger: { error: () => {} } });
}
