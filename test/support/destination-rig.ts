// What tests of the forward proxy's target need: a target with rules of a test's own, on real groups and chains. Rule: what a
// test does not speak of is as open as can be.
import { RetryBudget } from '../../src/services/chain/retry-budget.ts';
import { type DestinationRulesOptions, DestinationRules } from '../../src/services/rules/destination-rules.ts';
import { OwnDoors } from '../../src/services/rules/own-doors.ts';
import { Destination, type DestinationOptions } from '../../src/targets/destination/destination.ts';
import { Direct } from '../../src/targets/destination/direct.ts';
import { type HopSessions, ViaHops } from '../../src/targets/destination/via-hops.ts';
import { DnsCache } from '../../src/transport/dns-cache.ts';
import { chain, type Exits } from './chain-rig.ts';

export interface DestinationRig extends Partial<Omit<DestinationOptions, 'rules'>> {
  readonly rules?: Partial<DestinationRulesOptions>;
  /** The hops that everything goes through, by default. */
  readonly groups?: readonly Exits[];
  readonly sessions?: HopSessions;
}

/** Sessions mean nothing. */
const NO_SESSIONS: HopSessions = {
  choose: () => undefined,
  credentialsFor: () => null,
  tells: () => false,
};

export function destination({ rules = {}, groups = [], sessions = NO_SESSIONS, ...more }: DestinationRig): Destination {
  const compiled = new DestinationRules({
    rules: [],
    chain: groups.map(({ name }) => name),
    noProxy: [],
    allowPrivate: true,
    connectPorts: [],
    doors: new OwnDoors([]),
    ...rules,
  });
  const hops = groups.length === 0 ? null : new ViaHops(chain(groups), sessions);
  return new Destination({
    rules: compiled,
    direct: new Direct({ dns: new DnsCache(), connectTimeoutMs: 20_000, rules: compiled }),
    via: () => {
      if (hops === null) throw new Error('there are no hops');
      return hops;
    },
    maxAttempts: 3,
    retryStatuses: [502, 503, 504],
    withinMs: null,
    retries: new RetryBudget(),
    dispose: () => {
      for (const group of groups) group.dispose();
    },
    ...more,
  });
}

/** Opens the breaker of a member, as if it had failed again and again. */
export function breakMember(group: Exits, index: number): void {
  const member = group.members[index]!;
  for (let i = 0; i < 2; i++) member.end(member.begin(), { kind: 'failure', reason: 'hop_unreachable' });
}
