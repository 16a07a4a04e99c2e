// The gateway: its routes and where they lead, its backends, its cache and what is limited. Rule: each part asks for itself, so that a fault in one of
// them hides none of the others.
import type { JSX } from 'preact';
import type { BackendAnswer, BackendsAnswer, RoutesAnswer } from '../../../src/control/gateway-answers.ts';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { CacheCard } from '../gateway/cache-card.tsx';
import { LimitsCard } from '../gateway/limits-card.tsx';
import { RoutesCard } from '../gateway/routes-card.tsx';
import { MemberGroup } from '../members/member-group.tsx';
import { usePolled } from '../state/polled.ts';
import './gateway.css';

const BACKENDS = '/api/v1/backends';
const LOOK_EVERY_MS = 2000;
const ROUTES_EVERY_MS = 10_000;

export function Page(): JSX.Element {
  const routes = usePolled<RoutesAnswer>('/api/v1/routes', ROUTES_EVERY_MS);
  const backends = usePolled<BackendsAnswer>(BACKENDS, LOOK_EVERY_MS);
  const members = backends.data.value?.backends ?? [];
  const groups = [...new Set(members.map(({ route }) => route))];
  return (
    <>
      <header class="page-head">
        <h1>Gateway</h1>
        <p class="quiet">
          {routes.data.value?.routes.length ?? 0} routes, {members.length} backends watched
        </p>
      </header>
      <ErrorNotice error={routes.error.value ?? backends.error.value} />
      {routes.data.value?.routes.length === 0 && (
        <EmptyState title="There are no routes" command="sluice gateway http://127.0.0.1:3000">
          Routes stand under gateway.routes in the config. To try the gateway without one:
        </EmptyState>
      )}
      {routes.data.value !== null && routes.data.value.routes.length > 0 && (
        <RoutesCard routes={routes.data.value.routes} />
      )}
      {groups.map((group) => (
        <MemberGroup
          key={group}
          title={group}
          path={BACKENDS}
          members={members.filter(({ route }) => route === group)}
          about={(id) => urlOf(members, id)}
          onChanged={backends.again}
        />
      ))}
      <CacheCard />
      <LimitsCard />
    </>
  );
}

function urlOf(members: readonly BackendAnswer[], id: string): string {
  return members.find((member) => member.id === id)?.url ?? '';
}
