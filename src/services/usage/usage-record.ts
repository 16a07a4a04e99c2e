// What one request to a provider of AI has used. Types only. Rule: plain data, which can travel between threads; nothing of what was
// asked or answered is in it.
import type { UsageRow } from '../../state/usage-row.ts';

/** Texts are empty where nobody said. */
export type UsageRecord = UsageRow;

/** None is counted twice: what was read from the provider's cache is not in `input`. */
export type TokenCounts = Pick<UsageRow, 'input' | 'output' | 'cacheRead' | 'cacheWrite'>;

export type TellUsage = (record: UsageRecord) => void;
