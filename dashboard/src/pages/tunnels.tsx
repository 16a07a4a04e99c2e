// Tunnels of both sides: those that are served by this node and its others, and those that this Sluice opens elsewhere. Rule: a side that is not in use takes no room, unless
// neither is.
import type { JSX } from 'preact';
import type { ExposedAnswer, StatusAnswer, TunnelAnswer, TunnelsAnswer } from '../../../src/control/admin-answers.ts';
import { Code } from '../components/code.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { usePolled } from '../state/polled.ts';
import { AccountsCard } from '../tunnels/accounts-card.tsx';
import { CapturedCard } from '../tunnels/captured-card.tsx';
import { ExposedCard } from '../tunnels/exposed-card.tsx';
import { ServedCard } from '../tunnels/served-card.tsx';
import './tunnels.css';

const LOOK_EVERY_MS = 2000;
const STATUS_EVERY_MS = 10_000;

export function Page(): JSX.Element {
  const served = usePolled<TunnelsAnswer>('/api/v1/tunnels?nodes=all', LOOK_EVERY_MS);
  const exposed = usePolled<{ readonly tunnels: readonly ExposedAnswer[] }>('/api/v1/tunnels/exposed', LOOK_EVERY_MS);
  const status = usePolled<StatusAnswer>('/api/v1/status', STATUS_EVERY_MS);
  const { tunnels = [], missing_nodes: missing = [] } = served.data.value ?? {};
  const own = exposed.data.value?.tunnels ?? [];
  const door = doorIn(status.data.value);
  const isServer = door !== null || tunnels.length > 0;
  const isClient = own.length > 0;
  const isNeither = !isServer && !isClient && [served, exposed, status].every(({ data }) => data.value !== null);
  return (
    <>
      <Head served={isServer ? tunnels : []} exposed={own} />
      {[served, exposed, status].map(({ error }, index) => (
        <ErrorNotice key={index} error={error.value} />
      ))}
      {missing.map((name) => (
        <p key={name} class="notice warn">
          The node {name} did not say which tunnels it has.
        </p>
      ))}
      {isServer && <ServedCard tunnels={tunnels} door={door} onChanged={served.again} />}
      {isClient && (
        <>
          <ExposedCard tunnels={own} />
          <CapturedCard />
        </>
      )}
      {isServer && <AccountsCard />}
      {isNeither && <Nothing />}
    </>
  );
}

interface HeadProps {
  readonly served: readonly TunnelAnswer[];
  readonly exposed: readonly ExposedAnswer[];
}

function Head({ served, exposed }: HeadProps): JSX.Element {
  const servedOnline = served.filter(({ online }) => online).length;
  const exposedOnline = exposed.filter(({ status }) => status === 'online').length;
  return (
    <header class="page-head">
      <h1>Tunnels</h1>
      <p class="quiet">
        {served.length > 0 && (
          <span>
            {servedOnline} of {served.length} served online
          </span>
        )}
        {exposed.length > 0 && (
          <span>
            {exposedOnline} of {exposed.length} exposed online
          </span>
        )}
      </p>
    </header>
  );
}

/** Where clients connect, as `--server` takes it. */
function doorIn(status: StatusAnswer | null): string | null {
  const door = status?.doors.find(({ name }) => name === 'tunnels');
  return door?.address.replace(/^[a-z]+:\/\//, '') ?? null;
}

function Nothing(): JSX.Element {
  return (
    <>
      <EmptyState title="There are no tunnels" command="sluice relay --domain tunnels.example.com">
        Tunnels give local servers public names. To be the server that has the names (tunnels.server in the config):
      </EmptyState>
      <div class="empty">
        <p>To expose a server of this machine through one (tunnels.client in the config):</p>
        <Code text="sluice http 3000 --server tunnels.example.com:6400" />
      </div>
    </>
  );
}
