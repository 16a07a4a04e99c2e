// The times that tests of the engine go by. Rule: no two that a test tells apart are near each other.
import type { Timeouts } from '../../src/contract/bounds.ts';

export const TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  headersMs: 10_000,
  responseMs: 30_000,
  readMs: 30_000,
  writeMs: 20_000,
  idleMs: 60_000,
  tunnelIdleMs: 600_000,
  totalMs: 0,
};
