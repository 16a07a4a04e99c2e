// Where it is kept what was used of AI providers. Rule: one book for a process, and nothing on disk before there is something to keep.
import { join } from 'node:path';
import { UsageBook } from '../services/usage/usage-book.ts';
import type { Logger } from '../telemetry/application-log.ts';

export function usageBookIn(dataDir: string, logger: Pick<Logger, 'error'>): UsageBook {
  return new UsageBook({ path: join(dataDir, 'usage.db'), logger });
}
