// Turns the configuration of the forward proxy into a program. Rule: it decides what goes where and nothing about how.
import { isLocalAddress } from '../../core/address.ts';
import type { Config } from '../../config/config.ts';
import { asksForUsers } from '../../config/checks/doors.ts';
import type { StickyListener } from '../../config/schema/egress.ts';
import type { Policy } from '../../contract/policy.ts';
import { compile } from '../../engine/compile.ts';
import type { Program } from '../../engine/program.ts';
import type { RouteMatch } from '../../engine/router.ts';
import type { Traffic } from '../../engine/traffic.ts';
import { RetryBudget } from '../../services/chain/retry-budget.ts';
import { DestinationRules } from '../../services/rules/destination-rules.ts';
import type { OwnDoors } from '../../services/rules/own-doors.ts';
import { SessionSuffix } from '../../services/sticky/session-suffix.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { Destination, Direct, exitFields, frontPage, proxyUser, sticky } from '../registry.ts';
import { captured } from './assemble-capture.ts';
import { hopGroups } from './assemble-hops.ts';
import { ConfiguredPolicies, type PolicyParts, policyParts } from './assemble-policies.ts';
import { ConfiguredSessions, type SessionBindings } from '../hops/hop-sessions.ts';
import { countingEars } from '../hops/hop-telemetry.ts';
import { HopWays } from '../hops/hop-ways.ts';
import type { ThreadContext } from '../threads/thread-context.ts';

export interface EgressParts {
  readonly context: ThreadContext;
  readonly ownDoors: OwnDoors;
  readonly traffic: Traffic;
  readonly bindings: SessionBindings;
  readonly dns: DnsCache;
}

const EVERYTHING: RouteMatch = { hosts: [], path: '/*', methods: [], fields: [], query: [] };

export function egressProgram(config: Config, { context, ownDoors, traffic, bindings, dns }: EgressParts): Program {
  const { egress } = config;
  const connectTimeoutMs = connectTimeoutOf(config);
  const rules = destinationRules(config, ownDoors);
  const hops = new HopWays(config, {
    groups: hopGroups(config, context.members, countingEars(context.recorder, context.log)),
    sessions: new ConfiguredSessions(bindings.under(egress.sticky), config),
    dns,
  });
  const target = new Destination({
    rules,
    direct: new Direct({ dns, connectTimeoutMs, rules }),
    ...(standsForAnything(egress) && { tagsOfPort: (port: number) => tagsOf(egress.sticky.listeners[String(port)]) }),
    via: (way) => hops.through(way.via),
    dispose: () => hops.dispose(),
    maxAttempts: egress.retry.attempts,
    retryStatuses: egress.retry.on_status,
    withinMs: egress.retry.within,
    retries: new RetryBudget(egress.retry.budget),
  });
  const parts = policyParts(config, context);
  const route = { name: 'forward', match: EVERYTHING, policies: egressPolicies(config, parts), target };
  return compile([[captured(config, context.captures)(route)]], traffic);
}

/** Straight to destinations; proxies on the way have theirs. */
function connectTimeoutOf({ egress, policies, timeouts }: Config): number {
  const nearest = egress.policies.timeout ?? policies.timeout ?? false;
  return (nearest === false ? null : nearest.connect) ?? timeouts.connect;
}

/** In the order in which they run. */
export function egressPolicies(config: Config, parts: PolicyParts): Policy[] {
  const { egress, users } = config;
  const { before, after } = new ConfiguredPolicies(config, parts).ofEgress();
  const suffix = new SessionSuffix(egress.sticky.username);
  const names = new Set(users.map(({ name }) => name));
  const onlyUsers = asksForUsers(config);
  const isUser = onlyUsers ? (name: string) => names.has(name) : undefined;
  return [
    ...before,
    frontPage(),
    proxyUser({
      users: onlyUsers ? parts.users : null,
      permission: 'egress',
      readName: (name) => suffix.split(name, isUser),
    }),
    sticky({
      field: egress.sticky.header.toLowerCase(),
      sessionOfPort: standsForAnything(egress)
        ? (port) => egress.sticky.listeners[String(port)]?.session ?? null
        : null,
      byClientAddress: egress.sticky.client_ip,
    }),
    ...(egress.expose ? [exitFields()] : []),
    ...after,
  ];
}

/** Some port does. Which one a client has come in on is a question to the system, which most requests can do without. */
function standsForAnything({ sticky: { listeners } }: Config['egress']): boolean {
  return Object.keys(listeners).length > 0;
}

function tagsOf(listener: StickyListener | undefined): StickyListener['tags'] | null {
  return listener === undefined || Object.keys(listener.tags).length === 0 ? null : listener.tags;
}

export function destinationRules(config: Config, doors: OwnDoors): DestinationRules {
  const { egress } = config;
  return new DestinationRules({
    rules: egress.rules,
    chain: egress.chain,
    noProxy: egress.no_proxy,
    allowPrivate: egress.allow_private === 'auto' ? egress.listen.every(isLocalAddress) : egress.allow_private,
    connectPorts: egress.connect_ports,
    doors,
  });
}
