// The services of ours behind the gateway's door that run something: their paths, who may use them, and where they live. Rule: each is
// described once; whether a thread answers itself or passes an exchange on to the main one makes no difference to a client.
import type { Config } from '../../config/config.ts';
import type { Policy } from '../../contract/policy.ts';
import type { Target } from '../../contract/target.ts';
import type { RouteSpec } from '../../engine/program.ts';
import type { UserDirectory } from '../../services/identity/user-directory.ts';
import type { PoliciesAround } from '../assemble/assemble-policies.ts';
import { type BackendOrigin, backends, giveInnerPass, originOfUrl, serviceGuard, takeInnerPass } from '../registry.ts';
import { AgentShare, type AgentMemory } from '../agents/agent-share.ts';
import { agentsService } from '../agents/agents-service.ts';
import { cacheService } from './cache-service.ts';
import { execService } from './exec-service.ts';
import type { OwnService } from './own-service.ts';
import type { ProcessDesk } from './process-desk.ts';

/** Where the main thread answers for the others, and what it shares with them. */
export interface InnerAddress {
  /** Of a unix socket. */
  readonly path: string;
  readonly secret: string;
  readonly agents: AgentMemory;
}

/** Where the services live, seen from one thread. */
export type ServiceHome =
  | { readonly kind: 'here'; readonly desk: ProcessDesk }
  | { readonly kind: 'elsewhere'; readonly inner: InnerAddress };

/** What this thread knows of the agents on the main one. */
export function agentShareOf(home: ServiceHome): AgentShare {
  return home.kind === 'here' ? home.desk.agents.share : new AgentShare(home.inner.agents);
}

export interface OwnRouteParts {
  readonly users: UserDirectory;
  /** The policies of the gateway that hold here too. */
  readonly guards: PoliciesAround;
}

export interface OwnRoute extends Omit<RouteSpec, 'target'> {
  readonly service: OwnService;
}

/** Those that are switched on. */
export function ownServices(config: Config): OwnService[] {
  return config.gateway.own_paths
    ? [execService(config), agentsService(config), cacheService(config)].filter((service) => service !== null)
    : [];
}

/** At the gateway, before it is known where they lead. */
export function ownRoutes(config: Config, { users, guards }: OwnRouteParts): OwnRoute[] {
  return ownServices(config).flatMap((service) => {
    const guard = serviceGuard({ ...service, users });
    const policies = [...guards.before, guard, boundsPolicy(service), ...service.policies, ...guards.after];
    return routesOf(service).map((route) => ({ ...route, service, policies }));
  });
}

/** One for all addresses. */
export function ownTargets(config: Config, home: ServiceHome): ReadonlyMap<string, Target> {
  return new Map(
    ownServices(config).map((service) => {
      return [service.name, home.kind === 'here' ? service.createTarget(home.desk) : toMainThread(home.inner)];
    }),
  );
}

export function ledHome(
  { service, ...route }: OwnRoute,
  targets: ReadonlyMap<string, Target>,
  home: ServiceHome,
): RouteSpec | null {
  const target = targets.get(service.name);
  if (target === undefined) return null;
  const pass = home.kind === 'here' ? [] : [giveInnerPass(home.inner.secret)];
  return { ...route, policies: [...route.policies, ...pass], target };
}

/** On the main thread, for those who have been let in elsewhere. */
export function innerRoutes(config: Config, desk: ProcessDesk, secret: string): RouteSpec[] {
  return ownServices(config).flatMap((service) => {
    const policies = [takeInnerPass(secret), boundsPolicy(service), ...service.policies];
    const target = service.createTarget(desk);
    return routesOf(service).map((route) => ({ ...route, policies, target }));
  });
}

function routesOf({ name, paths }: OwnService): Pick<RouteSpec, 'name' | 'match'>[] {
  return paths.map((path) => ({ name, match: { hosts: [], path, methods: [], fields: [], query: [] } }));
}

function boundsPolicy({ name, bounds }: OwnService): Policy {
  return { name: `${name}-bounds`, bounds };
}

function toMainThread({ path }: InnerAddress): Target {
  const origin: BackendOrigin = {
    ...originOfUrl(`unix:${path}`),
    label: 'main thread',
    isTransparent: true,
    member: null,
  };
  return backends(origin);
}
