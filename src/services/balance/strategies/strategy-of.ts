// Which class does which strategy. Rule: the one list of them; a group knows them by name only.
import type { StrategyName } from '../group-rules.ts';
import type { Member } from '../member.ts';
import type { Strategy } from '../strategy.ts';
import { Adaptive } from './adaptive.ts';
import { LeastConnections } from './least-connections.ts';
import { LeastLatency } from './least-latency.ts';
import { LeastUsed } from './least-used.ts';
import { Quota } from './quota.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { Weighted } from './weighted.ts';

type StrategyClass = new <T>(members: readonly Member<T>[]) => Strategy<T>;

const CLASSES: Readonly<Record<StrategyName, StrategyClass>> = {
  round_robin: RoundRobin,
  random: Random,
  weighted: Weighted,
  adaptive: Adaptive,
  least_used: LeastUsed,
  least_latency: LeastLatency,
  least_connections: LeastConnections,
  quota: Quota,
  // By key they choose as every group does; these have no key.
  consistent_hash: RoundRobin,
  sticky_hash: RoundRobin,
};

export function strategyOf<T>(name: StrategyName, members: readonly Member<T>[]): Strategy<T> {
  return new CLASSES[name](members);
}
