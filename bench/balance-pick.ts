// What a use of a group costs: pick, begin and end, by strategy and size; and what it allocates. The bar: 0.5 µs among ten
// members, and nothing allocated by a pick.
//   node --expose-gc bench/balance-pick.ts

import { STRATEGY_NAMES } from '../src/services/balance/group-rules.ts';
import { Group } from '../src/services/balance/group.ts';
import { MemberTable } from '../src/services/balance/member-table.ts';
import type { Outcome } from '../src/services/balance/outcome.ts';

const ROUNDS = 5;
const SIZES = [10, 100];
const SUCCESS: Outcome = { kind: 'success', latencyMs: 12, target: 'example.com:443' };
const breaker = { failures: 5, successes: 3, openForMs: 30_000 };

function groupOf(strategy: (typeof STRATEGY_NAMES)[number], size: number): Group<null> {
  const members = Array.from({ length: size }, (_, index) => ({
    id: `m${index}`,
    weight: 1 + (index % 3),
    data: null,
  }));
  return new Group({ name: strategy, table: new MemberTable(), members, options: { strategy, breaker } });
}

function nanosPer(count: number, body: () => void): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now();
    for (let index = 0; index < count; index += 1) body();
    best = Math.min(best, performance.now() - startedAt);
  }
  return (best * 1e6) / count;
}

/** The least of several measurements: code that is being optimised allocates, and a collection would hide what did. */
function bytesPer(body: () => void): number {
  const count = 10_000;
  const samples = Array.from({ length: 30 }, () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < count; index += 1) body();
    return (process.memoryUsage().heapUsed - before) / count;
  });
  return Math.min(...samples.filter((bytes) => bytes >= 0));
}

for (const size of SIZES) {
  const count = 2_000_000 / size;
  for (const strategy of [...STRATEGY_NAMES, 'by key'] as const) {
    const group = groupOf(strategy === 'by key' ? 'round_robin' : strategy, size);
    const ask = strategy === 'by key' ? { key: 'session-1' } : undefined;
    const pick = nanosPer(count, () => void group.pick(ask));
    const use = nanosPer(count, () => {
      const member = group.pick(ask);
      member?.end(member.begin(), SUCCESS);
    });
    const bytes = bytesPer(() => void group.pick(ask));
    const figures = `pick ${pick.toFixed(0).padStart(6)} ns   whole use ${use.toFixed(0).padStart(6)} ns`;
    console.log(`${`${size} members, ${strategy}`.padEnd(32)} ${figures}   ${bytes.toFixed(1).padStart(6)} B per pick`);
  }
}
