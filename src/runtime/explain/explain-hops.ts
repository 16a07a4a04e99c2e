// Which proxies a request would go through, and why not the others. Rule: the groups are made anew and given back, so that a dry run
// takes nobody's turn; only the states, which all groups share, are those of the traffic.
import { formatHostPort } from '../../core/address.ts';
import type { Ask } from '../../services/balance/admission.ts';
import type { Candidate, Group } from '../../services/balance/group.ts';
import type { Obstacle } from '../../services/balance/member-state.ts';
import { type IsTold, tagsAt } from '../../services/chain/hop-tags.ts';
import type { ProxyEndpoint } from '../../services/chain/proxy-endpoint.ts';
import type { Way } from '../../services/rules/destination-rules.ts';
import { type HopGroup, hopGroups } from '../assemble/assemble-hops.ts';
import { ConfiguredSessions, SessionBindings } from '../hops/hop-sessions.ts';
import { sessionKey } from '../registry.ts';
import type { DryExchange } from './dry-exchange.ts';
import type { ExplainedHop, ExplainedMember } from './explanation.ts';
import type { Scene } from './scene.ts';

const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  removed: 'is gone',
  disabled: 'is disabled',
  draining: 'is being drained',
  auth_failed: 'refused our credentials',
  unhealthy: 'fails its checks',
  open: 'has failed too often',
  trials_busy: 'is on trial with others',
  cooling: 'wants to be left alone',
  full: 'has all the uses that it may have',
};

export function explainHops(
  { via, tags }: Pick<Way, 'via' | 'tags'>,
  { user, session }: Pick<DryExchange, 'user' | 'session'>,
  { config, members }: Scene,
): ExplainedHop[] {
  const groups = hopGroups(config, members);
  try {
    const key = sessionKey(user, session) || null;
    const way = via.flatMap((name) => groups.get(name) ?? []);
    const sessions = new ConfiguredSessions(new SessionBindings().under(config.egress.sticky), config);
    const isTold: IsTold = (hop, label) => sessions.tells(hop, label);
    return way.map((group) => explainHop(group, { key, tags: tagsAt(group, way, tags, isTold) }));
  } finally {
    for (const group of groups.values()) group.dispose();
  }
}

function explainHop(group: HopGroup, ask: Ask<ProxyEndpoint>): ExplainedHop {
  return explainGroup(group, ask, ({ protocol, host, port }) => `${protocol}://${formatHostPort(host, port)}`);
}

/** `placeOf` says where a member is, without credentials. */
export function explainGroup<T>(group: Group<T>, ask: Ask<T>, placeOf: (data: T) => string): ExplainedHop {
  const members = group.explain(ask).map((candidate) => describeMember(candidate, ask, placeOf(candidate.member.data)));
  const picked = group.pick(ask)?.id ?? null;
  const { strategy } = group.rules;
  return {
    name: group.name,
    strategy,
    picked,
    why: whyPicked(group, { picked, members, key: ask.key ?? null }),
    members,
  };
}

function describeMember<T>({ member, fits, obstacle }: Candidate<T>, ask: Ask<T>, proxy: string): ExplainedMember {
  const { id } = member;
  if (!fits) {
    const labels = Object.entries(ask.tags ?? {}).map(([name, value]) => `${name}=${value}`);
    return { id, proxy, available: false, obstacle: `is not labelled ${labels.join(', ')}` };
  }
  if (obstacle === null) return { id, proxy, available: true, obstacle: '' };
  const { retryInMs } = member.state();
  const later = retryInMs > 0 ? `, is tried again in ${Math.ceil(retryInMs / 1000)} s` : '';
  return { id, proxy, available: false, obstacle: OBSTACLES[obstacle] + later };
}

interface Picking {
  readonly picked: string | null;
  readonly members: readonly ExplainedMember[];
  readonly key: string | null;
}

function whyPicked<T>(group: Group<T>, { picked, members, key }: Picking): string {
  if (picked === null) {
    const seconds = group.retryAfterSeconds();
    return seconds === null ? 'nobody can be picked' : `nobody can be picked, perhaps in ${seconds} s`;
  }
  if (members.length === 1) return 'its only proxy';
  const available = members.filter((member) => member.available).length;
  if (available === 0) return 'the least bad of all';
  if (available === 1) return 'the only one that is available';
  if (key !== null) return 'by its session, as long as that is bound to no other';
  return `${group.rules.strategy}, one of ${available}`;
}
